// A list that comes page by page: `next` of one page is `before` or `after` of the one that follows.
import { untrack } from 'svelte';
import { soon } from './pace';
import { asProblem, isAbort, type ProblemError } from './problem';
import { keepFresh, type ResourceOptions } from './resource.svelte';

export interface Page<T> {
  items: T[];
  next?: string | undefined;
}

/** `cursor`: undefined for the first page. */
export type PageLoader<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;

/** So many pages are read again at most when something changed; what is below must be asked for again. */
const AGAIN_AT_MOST = 4;

export class Pages<T> {
  items = $state.raw<T[]>([]);
  /** There is more to load. */
  more = $state(false);
  loading = $state(true);
  /** The first answer is there: an empty list is empty. */
  loaded = $state(false);
  error = $state.raw<ProblemError>();
  #load: PageLoader<T>;
  #next: string | undefined;
  #pages = 1;
  #running: AbortController | undefined;
  #forget: (() => void) | undefined;

  constructor(load: PageLoader<T>) {
    this.#load = load;
  }

  /** The first page anew, as when a filter changed. */
  restart = (): Promise<void> => {
    this.#pages = 1;
    return this.reload();
  };

  /** All pages that were loaded, from the first on. */
  reload = (): Promise<void> => {
    const mine = this.#begin();
    const first = this.#load(undefined, mine.signal);
    return untrack(() => this.#finish(mine, this.#readAgain(first, mine.signal)));
  };

  reloadSoon = (): void => {
    this.#forget = soon(this.#again);
  };

  /** The page that follows. */
  loadMore = async (): Promise<void> => {
    if (!this.more || this.loading) return;
    const mine = this.#begin();
    const read = async (): Promise<Page<T>> => {
      const page = await this.#load(this.#next, mine.signal);
      return { items: [...this.items, ...page.items], next: page.next };
    };
    await this.#finish(mine, read());
    if (!this.error) this.#pages += 1;
  };

  end(): void {
    this.#forget?.();
    this.#running?.abort();
  }

  #again = (): void => {
    if (!this.#running) void this.reload();
    else setTimeout(this.reloadSoon, 200);
  };

  #begin(): AbortController {
    this.#running?.abort();
    this.#running = new AbortController();
    return this.#running;
  }

  async #readAgain(first: Promise<Page<T>>, signal: AbortSignal): Promise<Page<T>> {
    let page = await first;
    const items = [...page.items];
    const wanted = Math.min(this.#pages, AGAIN_AT_MOST);
    let read = 1;
    for (; read < wanted && page.next !== undefined; read += 1) {
      page = await this.#load(page.next, signal);
      items.push(...page.items);
    }
    this.#pages = read;
    return { items, next: page.next };
  }

  async #finish(mine: AbortController, answer: Promise<Page<T>>): Promise<void> {
    this.loading = true;
    try {
      const page = await answer;
      if (this.#running !== mine) return;
      this.items = page.items;
      this.#next = page.next;
      this.more = page.next !== undefined;
      this.error = undefined;
      this.loaded = true;
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

/** As `resource`, for a list: starts over whenever reactive values change that `load` reads before its first `await`. */
export function pages<T>(load: PageLoader<T>, options: ResourceOptions = {}): Pages<T> {
  const made = new Pages(load);
  let begun = false;
  const fresh = {
    get error() {
      return made.error;
    },
    reload: () => {
      const first = !begun;
      begun = true;
      return first ? made.reload() : made.restart();
    },
    reloadSoon: made.reloadSoon,
    end: () => made.end(),
  };
  keepFresh(fresh, options);
  return made;
}
