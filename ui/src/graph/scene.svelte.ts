/**
 * What the components draw: the view of the model with its layout, and the state of each drawn item as a signal of its
 * own, so that a change touches its elements alone. Changes are gathered and taken once a frame.
 */
import { untrack } from 'svelte';
import type { Layout } from './layout';
import { Layouter } from './layouter';
import { sameState, StateBook, StateFeed, type NodeState } from './live';
import { sameShape, type GraphModel, type GraphNode } from './model';
import { rankedCounts } from './states';
import { viewOf, waysTo, type View, type ViewItem } from './view';

export type Direction = 'right' | 'down';
export type StateSource = StateFeed | ReadonlyMap<string, NodeState>;

export interface Drawn {
  view: View;
  layout: Layout;
  direction: Direction;
  node: { width: number; height: number };
}

export class LiveItem {
  /** Of a group the worst inside. */
  state = $state<string | undefined>();
  /** Of the node, or of the one that heads the group. */
  own = $state.raw<NodeState>({});
  /** Of a group: how many inside are in which state, worst first. */
  counts = $state.raw<readonly [string, number][]>([]);
}

export const NODE_HEIGHT = 48;
const BOX_WIDTH = 190;
/** Not more often is a graph laid out again while it grows. */
const REDRAW = 500;
/** Milliseconds between two looks at what has changed. */
const FLUSH = 100;

export class Scene {
  drawn = $state.raw<Drawn | undefined>();
  totals = $state.raw<readonly [string, number][]>([]);
  problem = $state('');
  /** Newest; its layout may still be on the way. */
  view = $state.raw<View | undefined>();

  private model: GraphModel | undefined;
  /** Newer, and not drawn yet. */
  private next: GraphModel | undefined;
  private book: StateBook | undefined;
  private source: StateSource | undefined;
  private stopListening: (() => void) | undefined;
  private readonly changed = new Set<string>();
  private readonly lives = new Map<string, LiveItem>();
  private readonly layouter: Layouter;
  private open: string[] = [];
  private closed: string[] = [];
  private limit = 300;
  private direction: Direction = 'right';
  private frame = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private flushedAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private shownAt = -Infinity;
  private cost = 0;
  private asked = '';

  constructor() {
    this.layouter = new Layouter(
      (layout) => this.take(layout),
      (problem) => (this.problem = problem),
    );
  }

  live(id: string): LiveItem {
    let live = this.lives.get(id);
    if (live === undefined) this.lives.set(id, (live = new LiveItem()));
    return live;
  }

  setModel(model: GraphModel): void {
    const before = this.model;
    if (before === undefined || this.book === undefined || !sameShape(before, model)) {
      // What is drawn lives on until the time has come to draw anew.
      this.next = model;
      return this.showSoon();
    }
    this.next = undefined;
    this.model = model;
    // Of a model whose states come from elsewhere, what it does not say itself is no news.
    const isNews = (node: GraphNode): boolean =>
      this.source === undefined || node.state !== undefined || node.detail !== undefined;
    for (const node of model.nodes) if (isNews(node)) this.book.set(node.id, node);
    this.takeAll();
    this.wake();
  }

  setStates(source: StateSource | undefined): void {
    if (source !== this.source) {
      this.stopListening?.();
      this.stopListening = source instanceof StateFeed ? source.listen((id) => this.hear(id)) : undefined;
      this.source = source;
    }
    this.takeAll();
    this.wake();
  }

  setShape(limit: number, direction: Direction): void {
    if (limit === this.limit && direction === this.direction) return;
    this.limit = limit;
    this.direction = direction;
    this.show();
  }

  toggle(item: ViewItem): void {
    if (item.type === 'node') return;
    this.open = this.open.filter((id) => id !== item.id);
    this.closed = this.closed.filter((id) => id !== item.id);
    if (item.open) this.closed.push(item.id);
    else this.open.push(item.id);
    this.show();
  }

  /** Opens what is around a node. */
  reveal(node: string): void {
    if (this.model === undefined) return;
    const open = waysTo(this.model, node, this.options());
    if (open.length === this.open.length) return;
    this.open = open;
    this.closed = this.closed.filter((id) => !open.includes(id));
    this.show();
  }

  /** Id of the item that stands for a node. */
  standInOf(node: string): string | undefined {
    const place = this.model?.nodes.findIndex(({ id }) => id === node) ?? -1;
    return place < 0 ? undefined : this.view?.standIns[place];
  }

  end(): void {
    this.stopListening?.();
    this.layouter.end();
    clearTimeout(this.timer);
    clearTimeout(this.rest);
    cancelAnimationFrame(this.frame);
  }

  private options(): { limit: number; open: string[]; closed: string[] } {
    return { limit: this.limit, open: this.open, closed: this.closed };
  }

  private hear(id: string): void {
    this.changed.add(id);
    this.wake();
  }

  private takeAll(): void {
    if (this.book === undefined || this.source === undefined) return;
    for (const [id, state] of this.source.entries()) this.book.set(id, state);
  }

  /** At once after a pause; in a flood of changes ten times a second, which is as much as an eye can follow. */
  private wake(): void {
    if (this.frame !== 0 || this.rest !== undefined) return;
    const wait = this.flushedAt + FLUSH - performance.now();
    const flush = (): void => {
      this.rest = undefined;
      this.frame = requestAnimationFrame(() => this.flush());
    };
    if (wait <= 0) flush();
    else this.rest = setTimeout(flush, wait);
  }

  private flush(): void {
    this.frame = 0;
    this.flushedAt = performance.now();
    const { book, source } = this;
    if (book === undefined) return;
    if (source !== undefined) {
      for (const id of this.changed) {
        const state = source.get(id);
        if (state !== undefined) book.set(id, state);
      }
    }
    this.changed.clear();
    this.refresh(book);
  }

  private refresh(book: StateBook): void {
    const dirty = book.takeDirty();
    for (const id of dirty) {
      const live = this.live(id);
      live.state = book.worst(id);
      const own = book.own(id) ?? {};
      if (
        !sameState(
          untrack(() => live.own),
          own,
        )
      )
        live.own = own;
      live.counts = rankedCounts(book.counts(id));
    }
    this.totals = rankedCounts(book.totals());
  }

  private showSoon(): void {
    clearTimeout(this.timer);
    const wait = this.shownAt + Math.max(REDRAW, 20 * this.cost) - performance.now();
    if (wait <= 0) this.show();
    else this.timer = setTimeout(() => this.show(), wait);
  }

  private show(): void {
    clearTimeout(this.timer);
    if (this.next !== undefined) {
      this.model = this.next;
      this.next = undefined;
      this.book = new StateBook(this.model);
      this.takeAll();
    }
    const { model, book, direction } = this;
    if (model === undefined || book === undefined) return;
    const begin = performance.now();
    const view = viewOf(model, this.options());
    this.shownAt = performance.now();
    this.cost = this.shownAt - begin;
    this.view = view;
    book.show(view);
    this.refresh(book);
    const node = { width: widthFor(view, direction), height: NODE_HEIGHT };
    const { drawn } = this;
    if (drawn?.view.key === view.key && drawn.direction === direction && drawn.node.width === node.width) {
      this.asked = '';
      this.drawn = { view, layout: drawn.layout, direction, node };
      return;
    }
    this.problem = '';
    this.asked = view.key;
    this.pending = { view, direction, node };
    const items = view.items.map(({ id, parent, open }) => ({ id, parent, open }));
    const edges = view.edges.map(({ from, to }) => ({ from, to }));
    this.layouter.ask({ items, edges, direction, node, boxWidth: BOX_WIDTH });
  }

  private pending: Omit<Drawn, 'layout'> | undefined;

  private take(layout: Layout): void {
    if (this.pending === undefined || this.asked !== this.pending.view.key) return;
    this.drawn = { ...this.pending, layout };
    const shown = new Set(this.pending.view.items.map(({ id }) => id));
    for (const id of [...this.lives.keys()]) if (!shown.has(id)) this.lives.delete(id);
  }
}

/** One width for all, as wide as the longest name wants, within reason. */
function widthFor(view: View, direction: Direction): number {
  const longest = view.items.reduce((most, item) => Math.max(most, item.label.length, item.kind?.length ?? 0), 0);
  const least = view.items.some((item) => item.type !== 'node' && !item.open) ? 200 : 140;
  const most = direction === 'down' ? 160 : 240;
  return Math.min(most, Math.max(least, Math.ceil((longest * 7.2 + 60) / 20) * 20));
}
