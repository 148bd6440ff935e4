/** The boxes of a layout, one in another, and the steps of an edge through their borders. */
import type { Point } from './rank';

export interface Cell {
  id: string;
  open: boolean;
  parent: Cell | null;
  children: Cell[];
  /** Along the edges and across them, so that one code does both directions. */
  length: number;
  breadth: number;
  /** Relative to the inside of its parent. */
  along: number;
  across: number;
  /** Where its rank begins and ends, in the same way. */
  rank: Point | undefined;
  /** How far across edges pass the border, by port. */
  ports: Map<string, number>;
  /** Bends of edges inside, by `linkKey`. */
  routes: Map<string, Point[]>;
}

/** From one to another in `inside`; a port is where the edge passes the border of it. */
export interface Step {
  inside: Cell;
  from: Cell | string;
  to: Cell | string;
}

export interface Ends {
  from: Cell;
  to: Cell;
}

export function makeCell(id: string, open: boolean, parent: Cell | null, length: number, breadth: number): Cell {
  return {
    id,
    open,
    parent,
    children: [],
    length,
    breadth,
    along: 0,
    across: 0,
    rank: undefined,
    ports: new Map(),
    routes: new Map(),
  };
}

export function idOf(end: Cell | string): string {
  return typeof end === 'string' ? end : end.id;
}

function chain(cell: Cell): Cell[] {
  const cells: Cell[] = [];
  for (let at: Cell | null = cell; at !== null; at = at.parent) cells.unshift(at);
  return cells;
}

export function entryOf(from: Cell): string {
  return `\u0000in ${from.id}`;
}

export function exitOf(to: Cell): string {
  return `\u0000out ${to.id}`;
}

/** Out of the boxes around its beginning, across, and into those around its end; none where one is in the other. */
export function stepsOf({ from, to }: Ends): Step[] {
  const [a, b] = [chain(from), chain(to)];
  let common = 0;
  while (a[common + 1] !== undefined && a[common + 1] === b[common + 1]) common += 1;
  const [x, y] = [a[common + 1], b[common + 1]];
  if (x === undefined || y === undefined) return [];
  const steps: Step[] = [];
  for (let i = a.length - 1; i > common + 1; i -= 1) {
    steps.push({ inside: a[i - 1] as Cell, from: a[i] as Cell, to: exitOf(to) });
  }
  steps.push({ inside: a[common] as Cell, from: x, to: y });
  for (let i = common + 2; i < b.length; i += 1) {
    steps.push({ inside: b[i - 1] as Cell, from: entryOf(from), to: b[i] as Cell });
  }
  return steps;
}
