// Many dead letters are settled one after the other, and each has its result.
import { api, asProblem, take, type Event } from '../../api';
import { inTurns } from '../../api/all';

export type Op = 'replay' | 'drop';

export interface Settled {
  event: number;
  /** How it stands afterwards: its state, or what went wrong. */
  state: 'waits' | 'pending' | 'run' | 'dead' | 'dropped' | 'failed';
  run?: number;
  detail?: string;
}

const AT_ONCE = 3;
const LOOKS = [150, 400, 1000];

export async function settle(event: number, op: Op): Promise<Settled> {
  const path = { event: String(event) };
  try {
    await take(api.POST('/api/v1/events/{event}/settle', { params: { path }, body: { op } }));
    return await outcome(event);
  } catch (error) {
    const problem = asProblem(error);
    return { event, state: 'failed', detail: problem.detail || problem.title };
  }
}

/** What became of it: its run is made a moment after the answer. */
async function outcome(event: number): Promise<Settled> {
  const path = { event: String(event) };
  let now: Event | undefined;
  for (const wait of LOOKS) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    now = await take(api.GET('/api/v1/events/{event}', { params: { path } }));
    if (now.state !== 'pending') break;
  }
  const state = (now?.state ?? 'pending') as Settled['state'];
  return { event, state, ...(now?.run && { run: now.run }), ...(now?.detail && { detail: now.detail }) };
}

export class Settling {
  results = $state.raw<Settled[]>([]);
  running = $state(false);
  stopped = $state(false);
  readonly done = $derived(this.results.filter((one) => one.state !== 'waits').length);

  async go(events: readonly number[], op: Op): Promise<void> {
    this.running = true;
    this.stopped = false;
    this.results = events.map((event) => ({ event, state: 'waits' }));
    await inTurns(
      events,
      AT_ONCE,
      async (event) => {
        const result = await settle(event, op);
        this.results = this.results.map((one) => (one.event === event ? result : one));
      },
      () => this.stopped,
    );
    this.running = false;
  }

  stop(): void {
    this.stopped = true;
  }

  forget(): void {
    this.results = [];
  }
}
