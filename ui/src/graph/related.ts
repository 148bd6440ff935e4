/** What comes before and after an item, and where the arrow keys lead. */
import type { Box, Layout } from './layout';
import type { View, ViewItem } from './view';

interface Near {
  next: Map<string, string[]>;
  previous: Map<string, string[]>;
  inside: Map<string, string[]>;
  byId: Map<string, ViewItem>;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const known = new WeakMap<View, Near>();

export function nearOf(view: View): Near {
  let near = known.get(view);
  if (near !== undefined) return near;
  near = { next: new Map(), previous: new Map(), inside: new Map(), byId: new Map() };
  for (const { from, to } of view.edges) {
    push(near.next, from, to);
    push(near.previous, to, from);
  }
  for (const item of view.items) {
    near.byId.set(item.id, item);
    if (item.parent !== null) push(near.inside, item.parent, item.id);
  }
  known.set(view, near);
  return near;
}

interface Reached {
  items: Set<string>;
  /** Pairs of what was left and what was entered. */
  steps: [string, string][];
}

/** From an item along the edges; what enters a box enters all in it, and what leaves it comes from all. */
function reach(id: string, edges: ReadonlyMap<string, string[]>, near: Near): Reached {
  const reached: Reached = { items: new Set(), steps: [] };
  const queue: string[] = [];
  const enter = (to: string): void => {
    if (reached.items.has(to)) return;
    reached.items.add(to);
    queue.push(to);
    for (const inner of near.inside.get(to) ?? []) enter(inner);
  };
  const follow = (from: string): void => {
    for (const to of edges.get(from) ?? []) {
      reached.steps.push([from, to]);
      enter(to);
    }
  };
  const leave = (from: string): void => {
    for (let at: string | null = from; at !== null; at = near.byId.get(at)?.parent ?? null) follow(at);
  };
  const leaveInner = (outer: string): void => {
    for (const inner of near.inside.get(outer) ?? []) {
      follow(inner);
      leaveInner(inner);
    }
  };
  leave(id);
  leaveInner(id);
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) leave(at);
  return reached;
}

export interface Related {
  upstream: ReadonlySet<string>;
  downstream: ReadonlySet<string>;
  /** The item, all before and after it, and what is around and inside of it. */
  all: ReadonlySet<string>;
  /** The edges on the way, by `edgeKey`. */
  edges: ReadonlySet<string>;
}

export function edgeKey(from: string, to: string): string {
  return `${from}\n${to}`;
}

export function relatedOf(view: View, id: string): Related | undefined {
  const near = nearOf(view);
  if (!near.byId.has(id)) return undefined;
  const up = reach(id, near.previous, near);
  const down = reach(id, near.next, near);
  const all = new Set([id, ...up.items, ...down.items]);
  const addInside = (outer: string): void => {
    for (const inner of near.inside.get(outer) ?? []) {
      all.add(inner);
      addInside(inner);
    }
  };
  addInside(id);
  for (const one of [...all]) {
    for (let at = near.byId.get(one)?.parent; at !== null && at !== undefined; at = near.byId.get(at)?.parent)
      all.add(at);
  }
  const edges = new Set([
    ...up.steps.map(([to, from]) => edgeKey(from, to)),
    ...down.steps.map(([from, to]) => edgeKey(from, to)),
  ]);
  return { upstream: up.items, downstream: down.items, all, edges };
}

export type Way = 'ArrowRight' | 'ArrowLeft' | 'ArrowUp' | 'ArrowDown';

export function isWay(key: string): key is Way {
  return key === 'ArrowRight' || key === 'ArrowLeft' || key === 'ArrowUp' || key === 'ArrowDown';
}

function middle({ x, y, width, height }: Box): [number, number] {
  return [x + width / 2, y + height / 2];
}

/** Along the edges where the arrow points along them; else to the nearest beside it. */
export function stepFrom(id: string, way: Way, view: View, layout: Layout, flat: boolean): string | undefined {
  const near = nearOf(view);
  const item = near.byId.get(id);
  const box = layout.boxes[id];
  if (item === undefined || box === undefined) return undefined;
  const forward = flat ? 'ArrowRight' : 'ArrowDown';
  const backward = flat ? 'ArrowLeft' : 'ArrowUp';
  if (way === forward || way === backward) {
    const edges = way === forward ? near.next : near.previous;
    if (way === forward && item.open) return near.inside.get(id)?.[0];
    for (let at: string | null = id; at !== null; at = near.byId.get(at)?.parent ?? null) {
      const ends = edges.get(at) ?? [];
      if (ends.length > 0) return nearest(box, ends, layout, flat);
      if (way === backward && at === id && item.parent !== null) return item.parent;
    }
    return undefined;
  }
  return beside(id, way, view, layout);
}

function nearest(from: Box, ids: readonly string[], layout: Layout, flat: boolean): string | undefined {
  const side = (box: Box): number => middle(box)[flat ? 1 : 0];
  let best: string | undefined;
  let least = Infinity;
  for (const id of ids) {
    const box = layout.boxes[id];
    if (box === undefined) continue;
    const away = Math.abs(side(box) - side(from));
    if (away < least) [best, least] = [id, away];
  }
  return best;
}

function beside(id: string, way: Way, view: View, layout: Layout): string | undefined {
  const { byId } = nearOf(view);
  const from = layout.boxes[id] as Box;
  const [x, y] = middle(from);
  let best: string | undefined;
  let least = Infinity;
  for (const other of view.items) {
    const box = layout.boxes[other.id];
    if (other.id === id || box === undefined) continue;
    const isSibling = other.parent === byId.get(id)?.parent;
    if (!isSibling && (other.open || isAround(other.parent, id, byId))) continue;
    const [otherX, otherY] = middle(box);
    const [dx, dy] = [otherX - x, otherY - y];
    const along = way === 'ArrowUp' ? -dy : way === 'ArrowDown' ? dy : way === 'ArrowLeft' ? -dx : dx;
    const across = Math.abs(way === 'ArrowUp' || way === 'ArrowDown' ? dx : dy);
    // Rather something straight ahead further off than something near aside, and rather in the same box.
    const away = (along + 3 * across) * (isSibling ? 1 : 2);
    if (along > 1 && away < least) [best, least] = [other.id, away];
  }
  return best;
}

/** Whether `id` is around, or is, the box `inner`. */
function isAround(inner: string | null, id: string, byId: ReadonlyMap<string, ViewItem>): boolean {
  for (let at = inner; at !== null; at = byId.get(at)?.parent ?? null) if (at === id) return true;
  return false;
}
