/** What is drawn of a tree while some of its groups are closed, and the edges between that. */
import type { Tree, TreeItem, TreeLink } from './model';

export interface Drawn {
  /** From the top: a group before its members. Root is not among them. */
  items: TreeItem[];
  /** By `at` of any item: what stands for it. Itself, or the outermost closed group around it. */
  shown: (TreeItem | undefined)[];
}

export function drawnOf(tree: Tree): Drawn {
  const drawn: Drawn = { items: [], shown: new Array<TreeItem | undefined>(tree.items.length) };
  const walk = (item: TreeItem, closed: TreeItem | undefined): void => {
    const stands = closed ?? item;
    drawn.shown[item.at] = stands;
    if (stands === item) drawn.items.push(item);
    const inside = closed ?? (item.open || item.type === 'node' ? undefined : item);
    for (const child of item.children) walk(child, inside);
  };
  for (const child of tree.root.children) walk(child, undefined);
  return drawn;
}

export function countDrawn(item: TreeItem): number {
  let count = 0;
  for (const child of item.children) count += 1 + (child.open ? countDrawn(child) : 0);
  return count;
}

export interface MergedLink {
  from: TreeItem;
  to: TreeItem;
  /** Undefined also where several kinds were merged. */
  kind: string | undefined;
  count: number;
}

/** Edges between what is drawn; those that begin and end in one thing vanish. */
export function mergeLinks(links: readonly TreeLink[], ends: (item: TreeItem) => TreeItem | undefined): MergedLink[] {
  const merged = new Map<TreeItem, Map<TreeItem, MergedLink>>();
  const out: MergedLink[] = [];
  for (const link of links) {
    const from = ends(link.from);
    const to = ends(link.to);
    if (from === undefined || to === undefined || from === to) continue;
    let row = merged.get(from);
    if (row === undefined) merged.set(from, (row = new Map()));
    const known = row.get(to);
    if (known === undefined) {
      const made = { from, to, kind: link.kind, count: 1 };
      row.set(to, made);
      out.push(made);
    } else {
      known.count += 1;
      if (known.kind !== link.kind) known.kind = undefined;
    }
  }
  return out;
}

/** Who leads to whom, by `at`: those of item i are `to[start[i]]` to `to[start[i + 1] - 1]`. */
export interface Neighbours {
  start: Int32Array;
  to: Int32Array;
}

export function neighboursOf(count: number, links: readonly MergedLink[], backwards: boolean): Neighbours {
  const start = new Int32Array(count + 1);
  for (const link of links) {
    const at = (backwards ? link.to : link.from).at + 1;
    start[at] = (start[at] ?? 0) + 1;
  }
  for (let i = 1; i <= count; i += 1) start[i] = (start[i] ?? 0) + (start[i - 1] ?? 0);
  const next = start.slice();
  const to = new Int32Array(links.length);
  for (const link of links) {
    const [from, other] = backwards ? [link.to.at, link.from.at] : [link.from.at, link.to.at];
    const place = next[from] ?? 0;
    to[place] = other;
    next[from] = place + 1;
  }
  return { start, to };
}

/** By `at`, the longest way to each item; edges that close a cycle count for nothing. */
export function layersOf(items: readonly TreeItem[], count: number, next: Neighbours): Int32Array {
  const order = finishOrder(items, count, next);
  const place = new Int32Array(count).fill(-1);
  order.forEach((at, i) => (place[at] = i));
  const layers = new Int32Array(count);
  for (const at of order) {
    const layer = (layers[at] ?? 0) + 1;
    for (let i = next.start[at] ?? 0; i < (next.start[at + 1] ?? 0); i += 1) {
      const to = next.to[i] ?? 0;
      if ((place[to] ?? 0) > (place[at] ?? 0) && (layers[to] ?? 0) < layer) layers[to] = layer;
    }
  }
  return layers;
}

/** Depth first and without recursion (a chain of 5,000 is as deep as that), each after all that lead to it. */
function finishOrder(items: readonly TreeItem[], count: number, next: Neighbours): number[] {
  const seen = new Uint8Array(count);
  const at = next.start.slice();
  const finished: number[] = [];
  const stack: number[] = [];
  for (const start of items) {
    if (seen[start.at] === 1) continue;
    seen[start.at] = 1;
    stack.push(start.at);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const place = at[top] ?? 0;
      if (place >= (next.start[top + 1] ?? 0)) {
        finished.push(top);
        stack.pop();
        continue;
      }
      at[top] = place + 1;
      const to = next.to[place] ?? 0;
      if (seen[to] === 1) continue;
      seen[to] = 1;
      stack.push(to);
    }
  }
  return finished.reverse();
}
