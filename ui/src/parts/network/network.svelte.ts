// The network as the API tells it: task servers, and what flows need of each other.
import { api, reloadOn, resource, take, type FlowRow, type Run, type TaskServer } from '../../api';
import { definitions, serverOfFlow, type Definitions } from '../../api/definitions.svelte';
import { fullName } from '../../text/names';
import { affectedBy, type Affected } from './affected';
import { declaredTask, needsOf, type DeclaredTask, type Need } from './needs';

/** So many flows are read at first: those of task servers before others. */
const FIRST = 400;

export interface NetworkFlow {
  row: FlowRow;
  needs: Need[];
  /** Of a task server's: its full name, and what that declared. */
  server?: string;
  declared?: DeclaredTask;
}

export type Network = ReturnType<typeof networkData>;

/** In a component. `own`: the task server whose tasks are read before all others. */
export function networkData(own = '') {
  const servers = resource((signal) => take(api.GET('/api/v1/task-servers', { signal })), { every: 5000 });
  const known = definitions({ rank: (row) => rankOf(row, own), first: FIRST, eager: own !== '' });
  reloadOn('flows', known);

  const flows = $derived(flowsOf(known));
  const needs = $derived(new Map([...flows].map(([flow, one]) => [flow, one.needs])));
  const all = $derived(servers.data?.servers ?? []);
  // Text, so that runs are asked for only when others are in flight.
  const numbers = $derived(all.flatMap((server) => server.in_flight.map(({ run }) => run)).join());
  const inFlight = resource((signal) => runsInFlight(numbers, signal));
  const busy = $derived(countBusy(all, inFlight.data ?? new Map()));

  return {
    servers,
    known,
    get flows() {
      return flows;
    },
    /** How many attempts are with task servers, by flow. */
    get busy() {
      return busy;
    },
    flowOfRun(run: number): string | undefined {
      const row = inFlight.data?.get(run);
      return row && fullName(row.namespace, row.flow);
    },
    affected: (stopped: Iterable<string>): Affected[] => affectedBy(needs, stopped),
    tasksOf(server: TaskServer): string[] {
      return server.tasks.map((task) => `${server.team}/${task}`);
    },
    neededBy(flow: string): { flow: string; need: Need }[] {
      return [...flows].flatMap(([name, one]) =>
        one.needs.filter((need) => need.flow === flow).map((need) => ({ flow: name, need })),
      );
    },
  };
}

function flowsOf(known: Definitions): Map<string, NetworkFlow> {
  const found = new Map<string, NetworkFlow>();
  for (const row of known.rows) {
    const form = known.forms.get(row.flow);
    if (!form) continue;
    const server = serverOfFlow(row);
    if (server === undefined) {
      found.set(row.flow, { row, needs: needsOf(form, row.namespace) });
      continue;
    }
    const declared = declaredTask(form, row.flow, row.namespace, row.id);
    found.set(row.flow, { row, needs: declared.needs, server, declared });
  }
  return found;
}

function rankOf(row: FlowRow, own: string): number {
  const server = serverOfFlow(row);
  if (server === undefined) return 2;
  return server === own ? 0 : 1;
}

/** Runs of attempts that are with task servers, by number: servers tell these alone. */
async function runsInFlight(numbers: string, signal: AbortSignal): Promise<Map<number, Run>> {
  if (numbers === '') return new Map();
  const query = { unfinished: true, limit: 500 };
  const page = await take(api.GET('/api/v1/runs', { params: { query }, signal }));
  return new Map(page.runs.map((run) => [run.run, run]));
}

function countBusy(servers: readonly TaskServer[], runs: ReadonlyMap<number, Run>): Map<string, number> {
  const found = new Map<string, number>();
  for (const { run } of servers.flatMap((server) => server.in_flight)) {
    const row = runs.get(run);
    if (!row) continue;
    const flow = fullName(row.namespace, row.flow);
    found.set(flow, (found.get(flow) ?? 0) + 1);
  }
  return found;
}
