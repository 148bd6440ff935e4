/**
 * One graph without groups, by dagre: from left to right. Ports stand for what enters from the left and leaves to the
 * right; they have no size, only a place across.
 */
import { Graph, layout as dagre } from '@dagrejs/dagre';

export type Point = readonly [number, number];

export interface Sized {
  id: string;
  length: number;
  breadth: number;
}

export interface RankInput {
  nodes: readonly Sized[];
  entries: readonly string[];
  exits: readonly string[];
  /** Between ids of nodes and ports, each once. */
  links: readonly (readonly [string, string])[];
}

export interface Ranked {
  length: number;
  breadth: number;
  /** Begin of each node along and across. */
  places: Map<string, Point>;
  /** Where the rank of each node begins and ends: some in it are longer than others. */
  ranks: Map<string, Point>;
  /** How far across each port is. */
  ports: Map<string, number>;
  /** Bends of each link, by `linkKey`. */
  routes: Map<string, Point[]>;
}

export const GAP = 20;
const RANK_GAP = 56;
const PORT_GAP = 7;
/** Nodes times links: beyond this dagre's exact ranking takes longer than its gain (shorter edges) is worth. */
const EXACT_MAX = 20_000;
const FIRST = '\u0000first';
const LAST = '\u0000last';

interface Place {
  x: number;
  y: number;
}

export function linkKey(from: string, to: string): string {
  return `${from}\n${to}`;
}

function graphOf({ nodes, entries, exits, links }: RankInput): Graph {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({
    rankdir: 'LR',
    nodesep: GAP,
    ranksep: RANK_GAP,
    edgesep: 12,
    ranker: nodes.length * links.length > EXACT_MAX ? 'tight-tree' : 'network-simplex',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, length, breadth } of nodes) graph.setNode(id, { width: length, height: breadth });
  for (const port of [...entries, ...exits]) graph.setNode(port, { width: 1, height: 1 });
  for (const [from, to] of links) graph.setEdge(from, to, {});
  pinPorts(graph, entries, exits, nodes);
  return graph;
}

/** Entries stand before all else, exits after it: something unseen is before the ones and after the others. */
function pinPorts(graph: Graph, entries: readonly string[], exits: readonly string[], nodes: readonly Sized[]): void {
  const isPort = new Set([...entries, ...exits]);
  if (entries.length > 0) {
    graph.setNode(FIRST, { width: 1, height: 1 });
    for (const port of entries) graph.setEdge(FIRST, port, { weight: 2, minlen: 1 });
    for (const { id } of nodes) {
      const before = graph.predecessors(id) ?? [];
      if (before.every((other) => isPort.has(other))) graph.setEdge(FIRST, id, { weight: 0, minlen: 2 });
    }
  }
  if (exits.length > 0) {
    graph.setNode(LAST, { width: 1, height: 1 });
    for (const port of exits) graph.setEdge(port, LAST, { weight: 2, minlen: 1 });
    for (const { id } of nodes) {
      const after = graph.successors(id) ?? [];
      if (after.every((other) => isPort.has(other))) graph.setEdge(id, LAST, { weight: 0, minlen: 2 });
    }
  }
}

/** Straight past whatever else stands in a rank. */
function passRank({ x, y }: Place, depth: number): Point[] {
  if (depth === 0) return [[Math.round(x), Math.round(y)]];
  return [
    [Math.round(x - depth / 2), Math.round(y)],
    [Math.round(x + depth / 2), Math.round(y)],
  ];
}

/** Straight before what they lead to, or behind what leads to them, and not over one another. */
function placePorts({ nodes, entries, exits, links }: RankInput, made: Ranked, top: number): void {
  const breadths = new Map(nodes.map(({ id, breadth }) => [id, breadth]));
  for (const [ports, side] of [
    [entries, 0],
    [exits, 1],
  ] as const) {
    const sums = new Map<string, [number, number]>(ports.map((port) => [port, [0, 0]]));
    for (const [from, to] of links) {
      const sum = sums.get(side === 0 ? from : to);
      if (sum === undefined) continue;
      const node = side === 0 ? to : from;
      const bend = made.routes.get(linkKey(from, to))?.at(side === 0 ? 0 : -1);
      sum[0] += bend?.[1] ?? (made.places.get(node)?.[1] ?? 0) + (breadths.get(node) ?? 0) / 2;
      sum[1] += 1;
    }
    const order = [...sums].map(([port, [sum, count]]): [string, number] => [port, count > 0 ? sum / count : top]);
    order.sort((a, b) => a[1] - b[1]);
    let least = top;
    for (const [port, at] of order) {
      const across = Math.min(Math.max(Math.round(at), least), made.breadth);
      made.ports.set(port, across);
      least = across + PORT_GAP;
    }
  }
}

/** Everything by the same way, so that nothing is left of or above 0. */
function moved(ranked: Ranked, along: number, across: number): Ranked {
  const move = ([x, y]: Point): Point => [x + along, y + across];
  return {
    length: ranked.length + along,
    breadth: ranked.breadth + across,
    places: new Map([...ranked.places].map(([id, place]) => [id, move(place)])),
    ranks: new Map([...ranked.ranks].map(([id, [begin, end]]) => [id, [begin + along, end + along]])),
    ports: new Map([...ranked.ports].map(([id, at]) => [id, at + across])),
    routes: new Map([...ranked.routes].map(([key, route]) => [key, route.map(move)])),
  };
}

export function rank(input: RankInput): Ranked {
  const graph = graphOf(input);
  dagre(graph);
  const at = (id: string): Place => graph.node(id) as Place;
  const depths = new Map<number, number>();
  for (const { id, length } of input.nodes) {
    const x = Math.round(at(id).x);
    depths.set(x, Math.max(depths.get(x) ?? 0, length));
  }
  const made: Ranked = {
    length: 0,
    breadth: 0,
    places: new Map(),
    ranks: new Map(),
    ports: new Map(),
    routes: new Map(),
  };
  let [left, top] = [Infinity, Infinity];
  for (const { id, length, breadth } of input.nodes) {
    const { x, y } = at(id);
    const half = (depths.get(Math.round(x)) ?? length) / 2;
    const place: Point = [Math.round(x - length / 2), Math.round(y - breadth / 2)];
    made.places.set(id, place);
    made.ranks.set(id, [Math.round(x - half), Math.round(x + half)]);
    [left, top] = [Math.min(left, place[0]), Math.min(top, place[1])];
    made.length = Math.max(made.length, place[0] + length);
    made.breadth = Math.max(made.breadth, place[1] + breadth);
  }
  for (const [from, to] of input.links) {
    const edge = graph.edge(from, to) as { points?: Place[] } | undefined;
    // The first and last point lie on the borders and follow from the boxes; every other one between is half way from
    // rank to rank, where nothing is in the way.
    const bends = (edge?.points ?? []).slice(1, -1).filter((_, i) => i % 2 === 1);
    const back = at(from).x > at(to).x;
    const route = bends.flatMap((bend) => {
      const points = passRank(bend, depths.get(Math.round(bend.x)) ?? 0);
      return back ? points.reverse() : points;
    });
    made.routes.set(linkKey(from, to), route);
    for (const [, y] of route) [top, made.breadth] = [Math.min(top, y), Math.max(made.breadth, y)];
  }
  placePorts(input, made, top);
  return moved(made, -left, -top);
}
