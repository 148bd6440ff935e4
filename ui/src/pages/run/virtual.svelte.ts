// Which rows of a long list are drawn, where the list scrolls in a box of its own.
import { createVirtualizer, type VirtualItem } from '@tanstack/svelte-virtual';
import { untrack } from 'svelte';
import { get } from 'svelte/store';

export interface VirtualRows {
  readonly items: VirtualItem[];
  /** The height of all. */
  readonly height: number;
  /** Where the first drawn one begins. */
  readonly start: number;
  show(index: number, align?: 'auto' | 'center' | 'start' | 'end'): void;
  /** Of rows that are not all of one height: with `data-index`. */
  measure(row: HTMLElement): void;
}

interface Options {
  count: () => number;
  /** Of a row, in pixels; where rows are measured, about. */
  size: () => number;
  box: () => HTMLElement | undefined;
  overscan?: number;
}

/** In a component. */
export function virtualRows({ count, size, box, overscan = 20 }: Options): VirtualRows {
  const virtualizer = createVirtualizer<HTMLElement, HTMLElement>({
    count: 0,
    estimateSize: () => 20,
    overscan,
    getScrollElement: () => box() ?? null,
  });
  let items = $state.raw<VirtualItem[]>([]);
  let height = $state(0);
  let sizeBefore = 0;

  // First of all: whoever begins to listen finds the options of the beginning.
  $effect(() =>
    virtualizer.subscribe((made) => {
      items = made.getVirtualItems();
      height = made.getTotalSize();
    }),
  );
  $effect(() => {
    const one = size();
    const all = count();
    void box();
    untrack(() => {
      const made = get(virtualizer);
      made.setOptions({ count: all, estimateSize: () => one, getScrollElement: () => box() ?? null });
      if (one !== sizeBefore) made.measure();
      sizeBefore = one;
    });
  });
  return {
    get items() {
      return items;
    },
    get height() {
      return height;
    },
    get start() {
      return items[0]?.start ?? 0;
    },
    show: (index, align = 'auto') => get(virtualizer).scrollToIndex(index, { align }),
    measure: (row) => get(virtualizer).measureElement(row),
  };
}
