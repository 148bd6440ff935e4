// Lists that a page needs whole, within bounds.
import type { PageLoader } from './pages.svelte';

export interface All<T> {
  items: T[];
  /** There was more than was read. */
  cut: boolean;
}

interface Bounds<T> {
  /** So many pages at most. */
  most: number;
  /** Nothing more is wanted after this one. */
  until?: (last: T) => boolean;
}

/** Page after page, until the end, `until` or so many pages. */
export async function readAll<T>(
  load: PageLoader<T>,
  signal: AbortSignal,
  { most, until }: Bounds<T>,
): Promise<All<T>> {
  // The first call comes before any `await`, so that an effect depends on what the loader reads.
  let page = await load(undefined, signal);
  const items = [...page.items];
  for (let read = 1; page.next !== undefined; read += 1) {
    const last = items.at(-1);
    if (until && last !== undefined && until(last)) return { items, cut: false };
    if (read >= most) return { items, cut: true };
    page = await load(page.next, signal);
    items.push(...page.items);
  }
  return { items, cut: false };
}

/** Does `work` for each, so many at a time; ends early once it is `stopped`. */
export async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  let at = 0;
  const go = async (): Promise<void> => {
    while (at < items.length && !stopped()) {
      const item = items[at] as T;
      at += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, go));
}
