// The list of runs: page after page as it is scrolled, its first page live.
import { untrack } from 'svelte';
import { api, asProblem, connection, isAbort, onLookAgain, onRunChanged, take } from '../../api';
import type { ProblemError, RunChange } from '../../api';
import { askedOf, type Filter } from './filter';
import { merged, pageAt, placeOfRun, rowOf, thinned, type Page, type Row } from './rows';

const FIRST = 100;
const NEXT = 500;
/** So many rows before the end of what is there, more are read. */
const AHEAD = 400;
/** Rows farther away than so many are forgotten, and read again when they are looked at. */
const KEPT = 20_000;
/** A browser cannot show a page of more height: what is older has an address of its own. */
export const ROWS_MOST = 400_000;
/** The first page is read again this often at most. */
const PACE = 1000;
/** So many rows below it are looked at one by one, at a time. */
const SINGLE = 20;

interface Answer {
  rows: Row[];
  next: number | undefined;
}

export class RunFeed {
  pages = $state.raw<Page[]>([]);
  loaded = $state(false);
  loadingMore = $state(false);
  error = $state.raw<ProblemError>();
  /** New runs that are not shown yet. */
  fresh = $state.raw<Row[]>([]);
  /** There may be more new ones than `fresh` has. */
  freshMore = $state(false);
  #next = $state<number>();
  readonly count = $derived(this.pages.reduce((sum, page) => sum + page.count, 0));

  #stopped = new AbortController();
  #reading = new Set<number>();
  #stale = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshedAt = 0;
  #refreshing = false;

  constructor(
    private readonly filter: Filter,
    /** Whether rows may move now: nobody points at them, and the top is seen. */
    private readonly mayMove: () => boolean,
  ) {}

  get more(): boolean {
    return this.#next !== undefined && this.count < ROWS_MOST;
  }

  /** The list goes on, but not here: with runs before this one. */
  get olderBefore(): number | undefined {
    return this.count >= ROWS_MOST ? this.#next : undefined;
  }

  row(index: number): Row | undefined {
    const at = pageAt(this.pages, index);
    return at && this.pages[at.page]?.rows?.[at.place];
  }

  start(): () => void {
    void this.restart();
    const ends = [
      onRunChanged((changes) => this.#changed(changes)),
      onLookAgain(() => this.#refreshSoon()),
      connection.onBack(() => this.#refreshSoon()),
    ];
    return () => {
      for (const end of ends) end();
      clearTimeout(this.#timer);
      this.#stopped.abort();
    };
  }

  restart = async (): Promise<void> => {
    try {
      const before = this.filter.before ? Number(this.filter.before) : undefined;
      const { rows, next } = await this.#read(before, FIRST);
      this.pages = [{ before, count: rows.length, rows }];
      this.#next = next;
      this.fresh = [];
      this.freshMore = false;
      this.error = undefined;
      this.loaded = true;
      this.#refreshedAt = Date.now();
    } catch (error) {
      this.#failed(error);
    }
  };

  loadMore = async (): Promise<void> => {
    const before = this.#next;
    if (before === undefined || this.loadingMore || !this.more) return;
    this.loadingMore = true;
    try {
      const { rows, next } = await this.#read(before, NEXT);
      this.pages = [...this.pages, { before, count: rows.length, rows }];
      this.#next = next;
      this.error = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.loadingMore = false;
    }
  };

  /** These rows are drawn: what of them is forgotten is read, and more before the end is reached. */
  want(first: number, last: number): void {
    if (!this.loaded) return;
    const [from, to] = [pageAt(this.pages, first)?.page ?? 0, pageAt(this.pages, last)?.page ?? this.pages.length - 1];
    for (let page = from; page <= to; page += 1) if (this.pages[page]?.rows === undefined) void this.#readAgain(page);
    if (last > this.count - AHEAD && !this.error) void this.loadMore();
    const thin = thinned(this.pages, first, KEPT);
    if (thin.some((page, place) => page !== this.pages[place])) this.pages = thin;
  }

  /** Shows the new runs. */
  showFresh = (): void => {
    if (this.freshMore) {
      void this.restart();
      return;
    }
    this.#putOnTop(this.fresh);
  };

  /** Nobody points at the rows any more, or the top is seen again. */
  settle = (): void => {
    if (this.fresh.length > 0 && this.mayMove()) this.showFresh();
  };

  async #read(before: number | undefined, limit: number): Promise<Answer> {
    const query = { ...askedOf(this.filter), limit, ...(before !== undefined && { before }) };
    const { runs, next } = await take(api.GET('/api/v1/runs', { params: { query }, signal: this.#stopped.signal }));
    return { rows: runs.map(rowOf), next: next === undefined ? undefined : Number(next) };
  }

  async #readAgain(place: number): Promise<void> {
    const page = this.pages[place];
    if (!page || this.#reading.has(place)) return;
    this.#reading.add(place);
    try {
      const { rows } = await this.#read(page.before, page.count);
      this.pages = this.pages.map((one) => (one.before === page.before ? { ...one, count: rows.length, rows } : one));
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#reading.delete(place);
    }
  }

  #failed(error: unknown): void {
    if (!isAbort(error)) this.error = asProblem(error);
  }

  #putOnTop(rows: Row[]): void {
    const [first, ...rest] = this.pages;
    if (!first?.rows) return void this.restart();
    const all = [...rows, ...first.rows];
    this.pages = [{ ...first, rows: all, count: all.length }, ...rest];
    this.fresh = [];
  }

  #changed(changes: RunChange[]): void {
    const states = new Map(changes.map((change) => [change.run, change.state]));
    let changed = false;
    const pages = this.pages.map((page) => {
      if (!page.rows) return page;
      let rows = page.rows;
      for (const [run, state] of states) {
        const place = placeOfRun(rows, run);
        const row = rows[place];
        if (!row) continue;
        this.#stale.add(run);
        if (row.state !== state) rows = rows.with(place, { ...row, state });
      }
      if (rows === page.rows) return page;
      changed = true;
      return { ...page, rows };
    });
    if (changed) this.pages = pages;
    this.#refreshSoon();
  }

  #refreshSoon(): void {
    if (this.#timer !== undefined || !this.loaded) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (document.hidden) document.addEventListener('visibilitychange', () => this.#refreshSoon(), { once: true });
        else void this.#refresh();
      },
      Math.max(0, this.#refreshedAt + PACE - Date.now()),
    );
  }

  async #refresh(): Promise<void> {
    if (this.#refreshing) return this.#refreshSoon();
    this.#refreshing = true;
    this.#refreshedAt = Date.now();
    try {
      const before = this.filter.before ? Number(this.filter.before) : undefined;
      const answer = await this.#read(before, FIRST);
      this.#merge(answer);
      for (const row of answer.rows) this.#stale.delete(row.run);
      await this.#readStale();
      this.error = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#refreshing = false;
    }
  }

  #merge(answer: Answer): void {
    const [first, ...rest] = this.pages;
    if (!first?.rows) return;
    const mayMove = this.mayMove();
    const complete = answer.next === undefined;
    const { rows, fresh, gap } = merged(first.rows, answer.rows, { complete, mayMove });
    if (mayMove && gap) {
      this.pages = [{ before: first.before, count: answer.rows.length, rows: answer.rows }];
      this.#next = answer.next;
      this.fresh = [];
      this.freshMore = false;
      return;
    }
    const all = mayMove ? [...fresh, ...rows] : rows;
    this.pages = [{ ...first, rows: all, count: all.length }, ...rest];
    this.fresh = mayMove ? [] : fresh;
    this.freshMore = !mayMove && gap;
    if (this.pages.length === 1 && complete) this.#next = undefined;
  }

  /** Rows below the first page that changed. */
  async #readStale(): Promise<void> {
    const runs = [...this.#stale].slice(0, SINGLE);
    for (const run of runs) {
      this.#stale.delete(run);
      const call = { params: { path: { run: String(run) } }, signal: this.#stopped.signal };
      const row = rowOf(await take(api.GET('/api/v1/runs/{run}', call)));
      this.pages = this.pages.map((page) => {
        const place = page.rows ? placeOfRun(page.rows, run) : -1;
        return page.rows && place >= 0 ? { ...page, rows: page.rows.with(place, row) } : page;
      });
    }
    if (this.#stale.size > 0) this.#refreshSoon();
  }
}

/** In a component: the list for a filter, anew when that changes. */
export function runFeed(filter: () => Filter, mayMove: () => boolean): { readonly feed: RunFeed } {
  const key = $derived(JSON.stringify(filter()));
  const feed = $derived(new RunFeed(JSON.parse(key) as Filter, mayMove));
  $effect(() => {
    const mine = feed;
    return untrack(() => mine.start());
  });
  return {
    get feed() {
      return feed;
    },
  };
}
