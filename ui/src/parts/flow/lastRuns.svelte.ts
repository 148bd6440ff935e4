// The last runs of flows, for lists of flows: asked for while somebody looks, few at a time, and kept.
import { api, take } from '../../api/client';
import { onLookAgain, onRunChanged, type RunChange } from '../../api/live.svelte';
import { asProblem } from '../../api/problem';
import { SHOWN, shortOf, withChange, type ShortRun } from './shortRuns';

const AT_ONCE = 3;
/** So old an answer is good for when it is looked at again. */
const GOOD_FOR = 60_000;
/** A busy flow is asked about no more often. */
const AGAIN_AFTER = 4000;
const KEPT = 2000;

export class LastRuns {
  /** Newest first; undefined: not known yet. */
  runs = $state.raw<ShortRun[]>();
  failed = $state(false);
  #watchers = 0;
  #loadedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly namespace: string,
    readonly flow: string,
  ) {}

  /** Somebody looks; returns how to end that. */
  watch(): () => void {
    this.#watchers += 1;
    if (Date.now() - this.#loadedAt > GOOD_FOR) queue.add(this);
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) queue.drop(this);
    };
  }

  get watched(): boolean {
    return this.#watchers > 0;
  }

  async load(): Promise<void> {
    const query = { namespace: this.namespace, flow: this.flow, limit: SHOWN };
    try {
      const page = await take(api.GET('/api/v1/runs', { params: { query } }));
      this.runs = page.runs.map(shortOf);
      this.failed = false;
    } catch (error) {
      this.failed = asProblem(error).status !== 404;
    }
    this.#loadedAt = Date.now();
  }

  changed(change: RunChange): void {
    if (this.runs) this.runs = withChange(this.runs, change);
    this.lookAgain();
  }

  lookAgain(): void {
    if (!this.watched) {
      this.#loadedAt = 0;
      return;
    }
    const wait = Math.max(0, this.#loadedAt + AGAIN_AFTER - Date.now());
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.watched) queue.add(this);
      else this.#loadedAt = 0;
    }, wait);
  }
}

class Queue {
  #waiting = new Set<LastRuns>();
  #busy = 0;

  add(one: LastRuns): void {
    this.#waiting.add(one);
    this.#next();
  }

  drop(one: LastRuns): void {
    this.#waiting.delete(one);
  }

  #next(): void {
    while (this.#busy < AT_ONCE) {
      const [one] = this.#waiting;
      if (!one) return;
      this.#waiting.delete(one);
      this.#busy += 1;
      void one.load().finally(() => {
        this.#busy -= 1;
        this.#next();
      });
    }
  }
}

const queue = new Queue();
const kept = new Map<string, LastRuns>();
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  onRunChanged((changes) => {
    for (const change of changes) kept.get(`${change.namespace}/${change.flow}`)?.changed(change);
  });
  onLookAgain(() => {
    for (const one of kept.values()) one.lookAgain();
  });
}

/** The same for all who ask about a flow; nothing is loaded before somebody watches. */
export function lastRuns(namespace: string, flow: string): LastRuns {
  listen();
  const key = `${namespace}/${flow}`;
  const known = kept.get(key);
  if (known) return known;
  if (kept.size >= KEPT) {
    for (const [name, one] of kept) if (!one.watched) kept.delete(name);
  }
  const made = new LastRuns(namespace, flow);
  kept.set(key, made);
  return made;
}
