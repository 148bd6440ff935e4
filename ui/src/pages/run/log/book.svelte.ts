// The log of an attempt, read page by page from a byte on. The server keeps some MiB of each; what is read stays.
import { untrack } from 'svelte';
import { api, asProblem, isAbort, take } from '../../../api';
import type { LogLine, ProblemError } from '../../../api';

export type Stream = 'stdout' | 'stderr' | 'system';

export interface Line {
  at: number;
  stream: Stream;
  text: string;
  /** It goes on from the one before. */
  continued: boolean;
}

/** So many lines are held at most. */
const LINES_MOST = 1_000_000;
/** While the attempt goes on, it is asked for more this often. */
const PACE = 1200;

const STREAMS: Stream[] = ['stdout', 'stderr', 'system'];
const CONTINUED = 4;

export interface Place {
  run: string;
  task: string;
  attempt: number;
}

export class LogBook {
  count = $state(0);
  /** Bytes that were read. */
  bytes = $state(0);
  ended = $state(false);
  /** The first answer is there. */
  loaded = $state(false);
  /** There are more lines than are held. */
  full = $state(false);
  error = $state.raw<ProblemError>();
  // Apart from each other, which takes the least room.
  #texts: string[] = [];
  #times: number[] = [];
  #kinds: number[] = [];
  #stopped = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly place: Place,
    /** So many pages are read at most; without it, all. */
    private readonly pagesMost = Infinity,
  ) {}

  line(index: number): Line {
    const kind = this.#kinds[index] ?? 0;
    return {
      at: this.#times[index] ?? 0,
      stream: STREAMS[kind % CONTINUED] ?? 'stdout',
      text: this.#texts[index] ?? '',
      continued: kind >= CONTINUED,
    };
  }

  text(index: number): string {
    return this.#texts[index] ?? '';
  }

  /** All of it as text; lines that were cut are whole again. */
  whole(): Blob {
    const parts = this.#texts.map((text, index) => {
      const goesOn = (this.#kinds[index + 1] ?? 0) >= CONTINUED;
      return goesOn ? text : `${text}\n`;
    });
    return new Blob(parts, { type: 'text/plain;charset=utf-8' });
  }

  read = async (): Promise<void> => {
    clearTimeout(this.#timer);
    try {
      this.error = undefined;
      for (let pages = 0; pages < this.pagesMost; pages += 1) {
        const more = await this.#readPage();
        if (!more) break;
      }
    } catch (error) {
      if (!isAbort(error)) this.error = asProblem(error);
      return;
    }
    if (!this.ended && !this.full) this.#timer = setTimeout(this.#again, PACE);
  };

  end(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  #again = (): void => {
    if (!document.hidden) void this.read();
    else this.#timer = setTimeout(this.#again, PACE);
  };

  /** Whether the next page is to be read at once. */
  async #readPage(): Promise<boolean> {
    const { run, task, attempt } = this.place;
    const query = { task, ...(attempt > 0 && { attempt }), offset: this.bytes };
    const { signal } = this.#stopped;
    const page = await take(api.GET('/api/v1/runs/{run}/log', { params: { path: { run }, query }, signal }));
    for (const line of page.lines) this.#put(line);
    const came = page.offset - this.bytes;
    this.bytes = page.offset;
    this.count = this.#texts.length;
    this.ended = page.ended;
    this.loaded = true;
    // One page more: whether so many lines are all of them is known at their end.
    this.full = !page.ended && this.count > LINES_MOST;
    return came > 0 && !page.ended && !this.full;
  }

  #put(line: LogLine): void {
    this.#texts.push(line.text);
    this.#times.push(Date.parse(line.at));
    this.#kinds.push(Math.max(0, STREAMS.indexOf(line.stream as Stream)) + (line.continued ? CONTINUED : 0));
  }
}

/** In a component: the log of what `place` says, read anew when that changes. */
export function logBook(place: () => Place | undefined, pagesMost?: number): { readonly book: LogBook | undefined } {
  const book = $derived.by(() => {
    const where = place();
    return where && new LogBook(where, pagesMost);
  });
  $effect(() => {
    const mine = book;
    untrack(() => void mine?.read());
    return () => mine?.end();
  });
  return {
    get book() {
      return book;
    },
  };
}
