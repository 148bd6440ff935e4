// Lines of a log that have some words; of a long log a part at a time, so that the page stays awake.
import { plain } from './ansi';

export interface Texts {
  readonly count: number;
  text(index: number): string;
}

const AT_ONCE = 40_000;
const MOST = 100_000;

export class Finder {
  /** Lines with a hit, in order. */
  hits = $state.raw<number[]>([]);
  busy = $state(false);
  /** There are more than are told. */
  cut = $state(false);
  #query = '';
  #texts: Texts | undefined;
  #done = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** To be called again when there are more lines. */
  find(texts: Texts | undefined, query: string): void {
    const wanted = query.toLowerCase();
    if (texts !== this.#texts || wanted !== this.#query) {
      this.#texts = texts;
      this.#query = wanted;
      this.#done = 0;
      this.hits = [];
      this.cut = false;
    }
    this.#go();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #go = (): void => {
    clearTimeout(this.#timer);
    const texts = this.#texts;
    if (!texts || this.#query === '' || this.cut) {
      this.busy = false;
      return;
    }
    const to = Math.min(texts.count, this.#done + AT_ONCE);
    const found: number[] = [];
    for (; this.#done < to; this.#done += 1) {
      if (plain(texts.text(this.#done)).toLowerCase().includes(this.#query)) found.push(this.#done);
    }
    if (found.length > 0) this.hits = [...this.hits, ...found].slice(0, MOST);
    this.cut = this.hits.length >= MOST;
    this.busy = this.#done < texts.count;
    if (this.busy) this.#timer = setTimeout(this.#go);
  };
}

/** The hit after or before a line, and around the ends. */
export function nextHit(hits: readonly number[], line: number, step: 1 | -1): number | undefined {
  const found = step > 0 ? hits.find((hit) => hit > line) : hits.findLast((hit) => hit < line);
  return found ?? (step > 0 ? hits[0] : hits.at(-1));
}
