// Something of the server that a page shows: loaded, kept while it is loaded again, never overtaken by an old answer.
import { untrack } from 'svelte';
import { connection } from './connection.svelte';
import { onLookAgain } from './live.svelte';
import { soon } from './pace';
import { asProblem, isAbort, type ProblemError } from './problem';

export type Loader<T> = (signal: AbortSignal) => Promise<T>;

export interface ResourceOptions {
  /** Also load again every so many milliseconds while the page is seen. */
  every?: number;
}

export class Resource<T> {
  /** The newest data; stays while it is loaded again, or when that fails. */
  data = $state.raw<T>();
  /** Of the last try; undefined once one has gone well. */
  error = $state.raw<ProblemError>();
  /** A call is under way. */
  loading = $state(true);
  /** When `data` came, in milliseconds since 1970. */
  loadedAt = $state(0);
  #load: Loader<T>;
  #running: AbortController | undefined;
  #forget: (() => void) | undefined;

  constructor(load: Loader<T>) {
    this.#load = load;
  }

  /** Loads now. What was still under way is given up. */
  reload = (): Promise<void> => {
    this.#running?.abort();
    const mine = new AbortController();
    this.#running = mine;
    // Called first, outside `untrack`: an effect depends on what the loader reads.
    const answer = this.#load(mine.signal);
    return untrack(() => this.#take(answer, mine));
  };

  /** Loads again after a change, at the pace of all who ask for that; many calls become one. */
  reloadSoon = (): void => {
    this.#forget = soon(this.#again);
  };

  /** Replaces the data, as after a write that answers with it. */
  set(data: T): void {
    this.data = data;
    this.error = undefined;
  }

  end(): void {
    this.#forget?.();
    this.#running?.abort();
  }

  #again = (): void => {
    // Never aborts what is under way, or a steady flow of changes would keep it from ever ending.
    if (!this.#running) void this.reload();
    else setTimeout(this.reloadSoon, 200);
  };

  async #take(answer: Promise<T>, mine: AbortController): Promise<void> {
    this.loading = true;
    try {
      const data = await answer;
      if (this.#running !== mine) return;
      this.data = data;
      this.error = undefined;
      this.loadedAt = Date.now();
    } catch (error) {
      if (this.#running !== mine || isAbort(error)) return;
      this.error = asProblem(error);
    } finally {
      if (this.#running === mine) {
        this.#running = undefined;
        this.loading = false;
      }
    }
  }
}

/**
 * Loads `load` when the component begins, and again whenever reactive values change that it reads before its first
 * `await`. To be called while a component is made.
 */
export function resource<T>(load: Loader<T>, options: ResourceOptions = {}): Resource<T> {
  const made = new Resource(load);
  keepFresh(made, options);
  return made;
}

/** What a Resource and a Pages have in common. */
interface Fresh {
  readonly error: ProblemError | undefined;
  reload(): Promise<void>;
  reloadSoon(): void;
  end(): void;
}

export function keepFresh(made: Fresh, options: ResourceOptions): void {
  $effect(() => {
    void made.reload();
  });
  $effect(() => {
    const ends = [connection.onBack(made.reloadSoon), onLookAgain(made.reloadSoon)];
    const timer = options.every ? setInterval(() => document.hidden || made.reloadSoon(), options.every) : undefined;
    return () => {
      for (const end of ends) end();
      clearInterval(timer);
      made.end();
    };
  });
}
