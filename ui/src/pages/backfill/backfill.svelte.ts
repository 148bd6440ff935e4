// A backfill as its page shows it: how far it is, its runs, and all of its times as far as they are known.
import {
  api,
  onChanged,
  onRunChanged,
  reloadOn,
  resource,
  session,
  take,
  type Backfill,
  type Run,
  type RunChange,
} from '../../api';
import { readAll } from '../../api/all';
import { everyFrom, timesOf } from '../../parts/backfill/calendar';
import { hasEnded } from '../../parts/backfill/progress';
import { knownZone } from '../../parts/backfill/zone';
import { calmly } from '../../parts/flow/calm';
import { inPath } from '../../text';

const PAGE = 500;
/** As many as a backfill may have. */
const PAGES = 20;
const AGAIN_AFTER = 1000;

interface Schedule {
  id: string;
  timezone?: string;
}

export class BackfillPage {
  readonly loaded;
  readonly runs;
  readonly #flow;
  readonly #planned;
  #states = $state.raw<ReadonlyMap<number, Run['state']>>(new Map());

  constructor(readonly number: string) {
    this.loaded = resource((signal) => {
      const path = { backfill: number };
      return take(api.GET('/api/v1/backfills/{backfill}', { params: { path }, signal }));
    });
    this.runs = resource((signal) => {
      const load = async (before: string | undefined) => {
        const query = { backfill: number, limit: PAGE, ...(before ? { before: Number(before) } : {}) };
        const page = await take(api.GET('/api/v1/runs', { params: { query }, signal }));
        return { items: page.runs, next: page.next };
      };
      return readAll(load, signal, { most: PAGES });
    });
    this.#flow = resource(async (signal) => {
      const path = this.path;
      if (!path) return undefined;
      return take(api.GET('/api/v1/flows/{namespace}/{flow}', { params: { path }, signal })).catch(() => undefined);
    });
    this.#planned = resource((signal) => this.#plan(this.#asked, signal));
    reloadOn('backfills', this.loaded);
    this.#follow();
  }

  get backfill(): Backfill | undefined {
    return this.loaded.data;
  }

  // As a text, so that nothing is asked for again where only counts have changed.
  readonly #name = $derived.by(() => {
    const own = this.loaded.data;
    return own && `${inPath(own.namespace)}/${own.flow}`;
  });

  get path(): { namespace: string; flow: string } | undefined {
    const [namespace, flow] = this.#name?.split('/') ?? [];
    return namespace && flow ? { namespace, flow } : undefined;
  }

  readonly #asked = $derived.by(() => {
    const own = this.loaded.data;
    if (!own) return '';
    const { from, to, trigger, every_ms } = own;
    return JSON.stringify({ from, to, trigger, every_ms, may: session.may('operator', own.namespace) });
  });

  /** Whose clocks count. */
  get zone(): string {
    const trigger = this.loaded.data?.trigger;
    const triggers = (this.#flow.data?.canonical as { triggers?: Schedule[] } | undefined)?.triggers ?? [];
    return knownZone(triggers.find((one) => one.id === trigger)?.timezone);
  }

  /** All of its times are known; else those alone that have runs. */
  get whole(): boolean {
    return this.#planned.data !== undefined;
  }

  /** Runs with their newest states. */
  readonly newest = $derived.by(() => {
    const runs = this.runs.data?.items ?? [];
    return runs.map((run) => ({ ...run, state: this.#states.get(run.run) ?? run.state }));
  });

  readonly times = $derived.by(() => {
    const own = this.loaded.data;
    if (!own) return [];
    const dealtWith = own.started + own.skipped + own.refused;
    return timesOf(this.#planned.data, this.newest, { reverse: own.reverse, dealtWith });
  });

  /** The API does not tell the times of a backfill: they are asked for as those of a new one would be. */
  async #plan(asked: string, signal: AbortSignal): Promise<number[] | undefined> {
    const path = this.path;
    if (asked === '' || !path) return undefined;
    const { from, to, trigger, every_ms, may } = JSON.parse(asked) as Backfill & { may: boolean };
    if (every_ms) return everyFrom(Date.parse(from), Date.parse(to), every_ms);
    if (!may || !trigger) return undefined;
    const body = { from, to, trigger, dry_run: true };
    const call = api.POST('/api/v1/flows/{namespace}/{flow}/backfills', { params: { path }, body, signal });
    // Its trigger may be another one by now, or its inputs are not enough for a new one.
    const found = await take(call).catch(() => undefined);
    return found?.times?.map((time) => Date.parse(time.scheduled_for));
  }

  #follow(): void {
    $effect(() => {
      const again = calmly(() => {
        this.loaded.reloadSoon();
        this.runs.reloadSoon();
      }, AGAIN_AFTER);
      const ends = [
        onRunChanged((changes) => this.#changed(changes) && again.call()),
        onChanged('backfills', again.call),
      ];
      return () => {
        for (const end of ends) end();
        again.end();
      };
    });
  }

  /** Takes over what is told of its runs; whether something may be of it. */
  #changed(changes: RunChange[]): boolean {
    const own = this.loaded.data;
    if (!own) return false;
    const known = new Set(this.runs.data?.items.map((run) => run.run));
    const mine = changes.filter((one) => known.has(one.run));
    if (mine.length > 0) this.#states = new Map([...this.#states, ...mine.map((one) => [one.run, one.state] as const)]);
    if (mine.length > 0) return true;
    return !hasEnded(own) && changes.some((one) => one.flow === own.flow && one.namespace === own.namespace);
  }
}
