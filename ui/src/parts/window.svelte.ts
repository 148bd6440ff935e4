// Which rows of a long table are drawn: those in the window, with some above and below.
import { createWindowVirtualizer } from '@tanstack/svelte-virtual';
import { get } from 'svelte/store';
import { untrack } from 'svelte';

export interface Windowed {
  readonly first: number;
  readonly last: number;
  /** Room in pixels above and below. */
  readonly above: number;
  readonly below: number;
  /** So that the row is drawn before it is focused. */
  show(index: number): void;
}

const OVERSCAN = 15;

/** In a component. `top`: where the first row stands in the document. */
export function windowed(count: () => number, height: () => number, top: () => number): Windowed {
  const virtualizer = createWindowVirtualizer<HTMLElement>({
    count: 0,
    estimateSize: () => 36,
    overscan: OVERSCAN,
  });
  let state = $state.raw({ first: 0, last: -1, above: 0, below: 0 });

  // First of all: whoever begins to listen finds the options of the beginning.
  $effect(() =>
    virtualizer.subscribe((made) => {
      const items = made.getVirtualItems();
      const from = items[0];
      const to = items.at(-1);
      if (!from || !to) return;
      const margin = made.options.scrollMargin;
      state = {
        first: from.index,
        last: to.index,
        above: from.start - margin,
        below: made.getTotalSize() - (to.end - margin),
      };
    }),
  );
  $effect(() => {
    const size = height();
    const options = { count: count(), estimateSize: () => size, scrollMargin: top() };
    untrack(() => {
      const made = get(virtualizer);
      made.setOptions(options);
      made.measure();
    });
  });
  return {
    get first() {
      return state.first;
    },
    get last() {
      return state.last;
    },
    get above() {
      return state.above;
    },
    get below() {
      return state.below;
    },
    show: (index) => get(virtualizer).scrollToIndex(index, { align: 'auto' }),
  };
}
