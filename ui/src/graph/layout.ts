/**
 * Where things stand. Each open group is laid out by itself, then counts as one box in the group around it: dagre sees
 * small graphs only and needs no clusters. The same input gives the same layout. Runs in a worker.
 */
import { entryOf, idOf, makeCell, stepsOf, type Cell, type Ends } from './cells';
import { GAP, linkKey, rank, type Point } from './rank';

export interface LayoutItem {
  id: string;
  parent: string | null;
  open: boolean;
}

export interface LayoutInput {
  /** A box before what is in it. */
  items: readonly LayoutItem[];
  edges: readonly { from: string; to: string }[];
  direction: 'right' | 'down';
  node: { width: number; height: number };
  /** Least width of a box, for its heading. */
  boxWidth: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  boxes: Record<string, Box>;
  /** One for each edge of the input, in its order. */
  paths: Point[][];
  width: number;
  height: number;
}

const HEADING = 34;
const PADDING = 16;
const MARGIN = 12;

class Layouter {
  private readonly cells = new Map<string, Cell>();
  private readonly root: Cell;
  private readonly ends: (Ends | undefined)[];
  /** For each open cell the links between its children and ports, each once. */
  private readonly links = new Map<Cell, Map<string, [string, string]>>();
  private readonly flat: boolean;
  /** How far the inside of a box is from its border at its beginning, along and across. */
  private readonly inset: Point;
  /** Where the inside of each box begins in the whole. */
  private readonly origins = new Map<Cell, Point>();

  constructor(private readonly input: LayoutInput) {
    this.flat = input.direction === 'right';
    this.inset = this.flat ? [PADDING, HEADING] : [HEADING, PADDING];
    const { width, height } = input.node;
    const [length, breadth] = this.flat ? [width, height] : [height, width];
    this.root = makeCell('', true, null, 0, 0);
    for (const { id, parent, open } of input.items) {
      const around = (parent === null ? undefined : this.cells.get(parent)) ?? this.root;
      const cell = makeCell(id, open, around, length, breadth);
      around.children.push(cell);
      this.cells.set(id, cell);
    }
    this.ends = input.edges.map(({ from, to }) => {
      const [a, b] = [this.cells.get(from), this.cells.get(to)];
      return a === undefined || b === undefined || a === b ? undefined : { from: a, to: b };
    });
    for (const ends of this.ends) if (ends !== undefined) this.link(ends);
  }

  private link(ends: Ends): void {
    for (const step of stepsOf(ends)) {
      const [from, to] = [idOf(step.from), idOf(step.to)];
      let links = this.links.get(step.inside);
      if (links === undefined) this.links.set(step.inside, (links = new Map()));
      links.set(linkKey(from, to), [from, to]);
      if (typeof step.from === 'string') step.inside.ports.set(from, 0);
      if (typeof step.to === 'string') step.inside.ports.set(to, 0);
    }
  }

  run(): Layout {
    this.place(this.root);
    this.origins.set(this.root, [MARGIN, MARGIN]);
    const boxes: Record<string, Box> = {};
    for (const cell of this.cells.values()) {
      const [along, across] = this.corner(cell);
      this.origins.set(cell, [along + this.inset[0], across + this.inset[1]]);
      boxes[cell.id] = this.flat
        ? { x: along, y: across, width: cell.length, height: cell.breadth }
        : { x: across, y: along, width: cell.breadth, height: cell.length };
    }
    const paths = this.ends.map((ends) => (ends === undefined ? [] : this.path(ends)));
    const [length, breadth] = [this.root.length + 2 * MARGIN, this.root.breadth + 2 * MARGIN];
    const [width, height] = this.flat ? [length, breadth] : [breadth, length];
    return { boxes, paths, width, height };
  }

  private corner(cell: Cell): Point {
    const [x, y] = this.origins.get(cell.parent ?? this.root) ?? [0, 0];
    return [x + cell.along, y + cell.across];
  }

  private place(cell: Cell): void {
    for (const child of cell.children) if (child.open) this.place(child);
    const links = [...(this.links.get(cell)?.values() ?? [])];
    const linked = new Set(links.flat());
    const [length, breadth] = this.placeLinked(cell, links, linked);
    const loose = cell.children.filter((child) => !linked.has(child.id));
    const [looseLength, looseBreadth] = this.placeLoose(loose, length, breadth > 0 ? breadth + GAP : 0);
    cell.length = Math.max(length, looseLength);
    cell.breadth = Math.max(breadth, looseBreadth);
    if (cell === this.root) return;
    cell.length += this.inset[0] + PADDING;
    cell.breadth += this.inset[1] + PADDING;
    if (this.flat) cell.length = Math.max(cell.length, this.input.boxWidth);
    else cell.breadth = Math.max(cell.breadth, this.input.boxWidth);
  }

  private placeLinked(cell: Cell, links: [string, string][], linked: ReadonlySet<string>): [number, number] {
    if (links.length === 0) return [0, 0];
    const nodes = cell.children.filter((child) => linked.has(child.id));
    const ports = [...cell.ports.keys()];
    const begins = new Set(links.map(([from]) => from));
    const ranked = rank({
      nodes,
      entries: ports.filter((port) => begins.has(port)),
      exits: ports.filter((port) => !begins.has(port)),
      links,
    });
    for (const node of nodes) {
      [node.along, node.across] = ranked.places.get(node.id) ?? [0, 0];
      node.rank = ranked.ranks.get(node.id);
    }
    for (const [port, across] of ranked.ports) cell.ports.set(port, across + this.inset[1]);
    cell.routes = ranked.routes;
    return [ranked.length, ranked.breadth];
  }

  /** What has no edges stands in rows (or columns, where edges lead down), about in the shape of a screen. */
  private placeLoose(loose: readonly Cell[], length: number, from: number): [number, number] {
    if (loose.length === 0) return [0, 0];
    const area = loose.reduce((sum, { length: l, breadth: b }) => sum + (l + GAP) * (b + GAP), 0);
    // Downwards it is narrow: rather one column than two.
    const shape = this.flat ? 1.7 : 6;
    const most = Math.max(length, Math.sqrt(area * shape), ...loose.map((cell) => cell.length));
    let [along, across, row, longest] = [0, from, 0, 0];
    for (const cell of loose) {
      if (along > 0 && along + cell.length > most) {
        across += row + GAP;
        along = row = 0;
      }
      cell.along = along;
      cell.across = across;
      along += cell.length + GAP;
      longest = Math.max(longest, along - GAP);
      row = Math.max(row, cell.breadth);
    }
    return [longest, across + row];
  }

  /** Between the middles of the sides that face each other, through the ports of the boxes on the way. */
  private path({ from, to }: Ends): Point[] {
    const [fromX, fromY] = this.corner(from);
    const [toX, toY] = this.corner(to);
    const back = toX + to.length <= fromX;
    const end: Point = [back ? toX + to.length : toX, toY + to.breadth / 2];
    const points: Point[] = [[back ? fromX : fromX + from.length, fromY + from.breadth / 2]];
    for (const step of stepsOf({ from, to })) {
      const { inside } = step;
      const [x, y] = this.origins.get(inside) ?? [0, 0];
      const bends = inside.routes.get(linkKey(idOf(step.from), idOf(step.to))) ?? [];
      const route = bends.map(([along, across]): Point => [along + x, across + y]);
      const next =
        typeof step.to === 'string' ? this.port(inside, step.to, true) : this.arrival(step.to, from, to, end);
      if (!back) this.addStub(points, step.from, x, 1, points[points.length - 1]);
      points.push(...route);
      if (!back) this.addStub(points, step.to, x, 0, next);
      points.push(next);
    }
    return points.map(([a, b]): Point => (this.flat ? [a, b] : [b, a]));
  }

  private arrival(cell: Cell, from: Cell, to: Cell, end: Point): Point {
    return cell === to ? end : this.port(cell, entryOf(from), false);
  }

  /** Where something in a rank is shorter than others, an edge runs straight past these before it turns. */
  private addStub(points: Point[], of: Cell | string, x: number, side: 0 | 1, at: Point | undefined): void {
    if (typeof of === 'string' || of.rank === undefined || at === undefined) return;
    const along = of.rank[side] + x;
    if (Math.abs(along - at[0]) > 1) points.push([along, at[1]]);
  }

  private port(cell: Cell, port: string, atEnd: boolean): Point {
    const [x, y] = this.corner(cell);
    return [atEnd ? x + cell.length : x, y + (cell.ports.get(port) ?? cell.breadth / 2)];
  }
}

export function layout(input: LayoutInput): Layout {
  return new Layouter(input).run();
}
