// All that the first page asks the server for: few calls, each with a bound, and none at every change.
import { api, onChanged, onRunChanged, resource, session, take, type Hold, type Run, type RunState } from '../../api';
import { inTurns, readAll, type All } from '../../api/all';
import { isFinal } from '../../parts/states';
import { DAY } from './attention';
import { EndBook } from './throughput';

const CALM = 2000;
const HELD_RUNS = 8;
const HISTORY = { limit: 500, most: 3 };

/** Asks again at most every two seconds, however much changes. */
function calmly(made: { reloadSoon(): void }): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = 0;
  $effect(() => () => clearTimeout(timer));
  return () => {
    timer ??= setTimeout(
      () => {
        timer = undefined;
        lastAt = Date.now();
        made.reloadSoon();
      },
      Math.max(0, lastAt + CALM - Date.now()),
    );
  };
}

interface RunQuery {
  state?: RunState;
  unfinished?: boolean;
  limit: number;
}

async function runsPage(query: RunQuery, before: string | undefined, signal: AbortSignal) {
  const whole = { ...query, ...(before ? { before: Number(before) } : {}) };
  const page = await take(api.GET('/api/v1/runs', { params: { query: whole }, signal }));
  return { items: page.runs, next: page.next };
}

function runs(query: RunQuery, signal: AbortSignal, most: number, until?: (run: Run) => boolean): Promise<All<Run>> {
  return readAll((before, given) => runsPage(query, before, given), signal, { most, ...(until ? { until } : {}) });
}

const isOlderThanDay = (run: Run): boolean => Date.parse(run.created_at ?? '') < Date.now() - DAY;

export interface HeldRun {
  run: Run;
  /** Undefined: of a run whose holds were not asked for, as there are many. */
  holds: Hold[] | undefined;
}

async function holdsOf(paused: Run[], signal: AbortSignal): Promise<HeldRun[]> {
  const found = new Map<number, Hold[]>();
  await inTurns(paused.slice(0, HELD_RUNS), 4, async ({ run }) => {
    const path = { run: String(run) };
    const tasks = await take(api.GET('/api/v1/runs/{run}/tasks', { params: { path }, signal }));
    found.set(
      run,
      tasks.holds.filter((hold) => hold.state === 'held'),
    );
  });
  // A run that waits only for a time has no hold, and needs nobody.
  return paused.map((run) => ({ run, holds: found.get(run.run) })).filter(({ holds }) => holds?.length !== 0);
}

async function triggersPage(after: string | undefined, signal: AbortSignal) {
  const query = { limit: 500, ...(after ? { after } : {}) };
  const page = await take(api.GET('/api/v1/triggers', { params: { query }, signal }));
  return { items: page.triggers, next: page.next };
}

async function flowsPage(after: string | undefined, signal: AbortSignal) {
  const query = { limit: 500, ...(after ? { after } : {}) };
  const page = await take(api.GET('/api/v1/flows', { params: { query }, signal }));
  return { items: page.flows, next: page.next };
}

/** In a component. */
export function homeData() {
  const unfinished = resource((signal) => runs({ unfinished: true, limit: 200 }, signal, 2), { every: 60_000 });
  const failed = resource((signal) => runs({ state: 'error', limit: 200 }, signal, 2, isOlderThanDay));
  const notices = resource(
    (signal) => take(api.GET('/api/v1/notices', { params: { query: { limit: 200 } }, signal })),
    { every: 60_000 },
  );
  const triggers = resource((signal) => readAll(triggersPage, signal, { most: 2 }), { every: 30_000 });
  const flows = resource((signal) => readAll(flowsPage, signal, { most: 2 }));
  const inputs = resource((signal) => take(api.GET('/api/v1/inputs', { signal })), { every: 15_000 });
  const servers = resource((signal) => take(api.GET('/api/v1/task-servers', { signal })), { every: 15_000 });
  const pools = resource(async (signal) =>
    session.may('viewer') ? take(api.GET('/api/v1/pools', { signal })) : undefined,
  );
  const holds = heldRuns(() => unfinished.data?.items);

  const again = {
    unfinished: calmly(unfinished),
    failed: calmly({ reloadSoon: () => (failed.reloadSoon(), notices.reloadSoon()) }),
    pools: calmly(pools),
    triggers: calmly(triggers),
  };
  $effect(() => onChanged('runs', again.unfinished));
  $effect(() => onChanged('pools', again.pools));
  $effect(() => onChanged('triggers', again.triggers));
  $effect(() => onChanged('flows', () => (flows.reloadSoon(), again.triggers())));
  $effect(() => onRunChanged((changes) => changes.some(({ state }) => state === 'error') && again.failed()));
  return { unfinished, failed, notices, triggers, flows, inputs, servers, pools, holds };
}

function heldRuns(unfinished: () => Run[] | undefined) {
  // A string, so that it is asked again only when other runs wait.
  const paused = $derived((unfinished() ?? []).filter((run) => run.state === 'paused'));
  const ids = $derived(paused.map((run) => run.run).join());
  return resource(async (signal) => {
    void ids;
    return holdsOf(paused, signal);
  });
}

/** In a component: ends by hours, of the last runs and of those that end meanwhile. */
export function endings() {
  const book = new EndBook();
  let version = $state(0);
  const history = resource(async (signal) => {
    const all = await runs({ limit: HISTORY.limit }, signal, HISTORY.most, isOlderThanDay);
    book.addAll(all.items);
    version += 1;
    const oldest = all.items.at(-1)?.created_at;
    return { count: all.items.length, since: all.cut && oldest ? Date.parse(oldest) : undefined };
  });
  $effect(() =>
    onRunChanged((changes) => {
      for (const { run, state } of changes) if (isFinal(state)) book.add(run, state, Date.now());
      version += 1;
    }),
  );
  return {
    history,
    hours(now: number) {
      void version;
      return book.hours(now);
    },
  };
}
