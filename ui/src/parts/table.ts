import type { Snippet } from 'svelte';

export interface Column<T> {
  id: string;
  label: string;
  /** The content of a cell; without it `text` is shown. */
  cell?: Snippet<[T]>;
  text?: (row: T) => string | number | undefined;
  /** 1 (always, unless said) to 3: hidden first where it is narrow. */
  priority?: 1 | 2 | 3;
  /** For numbers. */
  align?: 'end';
  /** As in CSS: '8rem'. */
  width?: string;
  /** The label is only for screen readers. */
  bare?: boolean;
}
