/** Which parts of a model are drawn: groups close by themselves where there would be too many. */
import { bundleMembers, bundleSame, STRETCH } from './bundle';
import { buildTree, countOf, isInside, TASKS, type GraphModel, type ItemType, type Tree, type TreeItem } from './model';
import { countDrawn, drawnOf, mergeLinks, type Drawn } from './project';

export interface ViewOptions {
  /** So many are drawn at most, as far as that can be. */
  limit?: number;
  /** What somebody opened, in order, and closed. */
  open?: readonly string[];
  closed?: readonly string[];
}

export interface ViewItem {
  id: string;
  label: string;
  kind: string | undefined;
  type: ItemType;
  /** A box with its members in it. */
  open: boolean;
  /** The box that it stands in. */
  parent: string | null;
  depth: number;
  /** Id of the node that it is, or that the group is the inside of. */
  node: string | undefined;
  /** Nodes inside, also in words. */
  size: number;
  count: string;
  /** Of a bundle: what it begins and ends with. */
  span: string | undefined;
}

export interface ViewEdge {
  from: string;
  to: string;
  kind: string | undefined;
  count: number;
}

export interface View {
  items: readonly ViewItem[];
  edges: readonly ViewEdge[];
  /** By place of a node in the model: the id of the item that stands for it. */
  standIns: readonly string[];
  /** Equal where the layout is. */
  key: string;
}

export const LIMIT = 300;
/** The smallest number of things that a group may leave behind when it closes by itself. */
const LEFT_MIN = 2;

function setOpen(tree: Tree, options: ViewOptions): void {
  for (const id of options.open ?? []) {
    const item = tree.byId.get(id);
    if (item !== undefined && item.type !== 'node') item.open = true;
  }
  for (const id of options.closed ?? []) {
    const item = tree.byId.get(id);
    if (item !== undefined) item.open = false;
  }
}

/** Closes groups, largest first, until at most `limit` are drawn. */
function closeLargest(tree: Tree, limit: number, may: (group: TreeItem) => boolean, leave: number): number {
  let total = countDrawn(tree.root);
  if (total <= limit) return total;
  const groups = tree.items.filter((item) => item.open && item.type !== 'node' && may(item));
  const sizes = new Map(groups.map((group) => [group, countDrawn(group)]));
  groups.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0) || a.at - b.at);
  for (const group of groups) {
    if (total <= limit) break;
    if (!isDrawn(group)) continue;
    const inside = countDrawn(group);
    if (inside === 0 || total - inside < leave) continue;
    group.open = false;
    total -= inside;
  }
  return total;
}

function isDrawn(item: TreeItem): boolean {
  for (let at = item.parent; at !== null; at = at.parent) if (!at.open) return false;
  return true;
}

/** Bundles members of open containers, those of the fullest first. */
function bundleMany(tree: Tree, limit: number, wanted: ReadonlySet<string>): number {
  const done = new Set<TreeItem>();
  let total = countDrawn(tree.root);
  while (total > limit) {
    const fullest = [tree.root, ...tree.items]
      .filter((item) => item.open && !done.has(item) && item.children.length > STRETCH + 10 && isDrawn(item))
      .reduce<TreeItem | undefined>(
        (a, b) => (a === undefined || b.children.length > a.children.length ? b : a),
        undefined,
      );
    if (fullest === undefined) break;
    done.add(fullest);
    bundleMembers(tree, fullest, Math.max(STRETCH, limit - (total - fullest.children.length)));
    for (const child of fullest.children) if (child.type === 'bundle' && wanted.has(child.id)) child.open = true;
    total = countDrawn(tree.root);
  }
  return total;
}

function settle(tree: Tree, options: ViewOptions): void {
  const limit = options.limit ?? LIMIT;
  const wanted = new Set(options.open);
  bundleSame(tree);
  setOpen(tree, options);
  const unasked = (group: TreeItem): boolean => !wanted.has(group.id);
  if (closeLargest(tree, limit, unasked, LEFT_MIN) <= limit) return;
  if (bundleMany(tree, limit, wanted) <= limit) return;
  if (closeLargest(tree, limit, unasked, LEFT_MIN) <= limit) return;
  // What was opened last stays so, with all around it.
  const stays = new Set<TreeItem>();
  const last = options.open?.[options.open.length - 1] ?? '';
  for (let at = tree.byId.get(last) ?? null; at !== null; at = at.parent) stays.add(at);
  if (closeLargest(tree, limit, (group) => !stays.has(group), LEFT_MIN) <= limit) return;
  closeLargest(tree, limit, (group) => !stays.has(group), 0);
}

/** In a bundle of so many edges are drawn to each member. */
const PRECISE = 12;

/**
 * Open bundles of many that have no edges among themselves: they are drawn as a block, and edges end at its border.
 * Drawn to each member they would be a tangle, and mostly one and the same line many times.
 */
function blocksOf(tree: Tree, drawn: Drawn): Set<TreeItem> {
  const blocks = new Set(
    drawn.items.filter((item) => item.type === 'bundle' && item.open && item.children.length >= PRECISE),
  );
  if (blocks.size === 0) return blocks;
  for (const { from, to } of tree.links) {
    const [a, b] = [drawn.shown[from.at], drawn.shown[to.at]];
    if (a === undefined || b === undefined || a === b) continue;
    for (let outer = a.parent; outer !== null; outer = outer.parent) {
      if (!isInside(b, outer)) continue;
      blocks.delete(outer);
      break;
    }
  }
  return blocks;
}

function endOf(drawn: Drawn, blocks: ReadonlySet<TreeItem>, item: TreeItem): TreeItem | undefined {
  let end = drawn.shown[item.at];
  for (let outer = end?.parent; outer !== null && outer !== undefined; outer = outer.parent) {
    if (blocks.has(outer)) end = outer;
  }
  return end;
}

function viewItem(item: TreeItem, depth: number, model: GraphModel): ViewItem {
  const first = item.children[0];
  const last = item.children[item.children.length - 1];
  return {
    id: item.id,
    label: item.label,
    kind: item.kind,
    type: item.type,
    open: item.open && item.type !== 'node',
    parent: item.parent === null || item.parent.at < 0 ? null : item.parent.id,
    depth,
    node: model.nodes[item.node]?.id,
    size: item.size,
    count: item.type === 'node' ? '' : countOf(item.size, model.noun ?? TASKS),
    span: item.type === 'bundle' && first !== undefined && last !== undefined ? spanOf(first, last) : undefined,
  };
}

function spanOf(first: TreeItem, last: TreeItem): string {
  const begin = first.type === 'bundle' && first.children[0] !== undefined ? first.children[0] : first;
  const end = last.type === 'bundle' ? (last.children[last.children.length - 1] ?? last) : last;
  return begin.label === end.label ? begin.label : `${begin.label} … ${end.label}`;
}

export function viewOf(model: GraphModel, options: ViewOptions = {}): View {
  const tree = buildTree(model);
  settle(tree, options);
  const drawn = drawnOf(tree);
  const depths = new Map<TreeItem, number>([[tree.root, 0]]);
  const items = drawn.items.map((item) => {
    const depth = depths.get(item.parent ?? tree.root) ?? 0;
    depths.set(item, depth + 1);
    return viewItem(item, depth, model);
  });
  const blocks = blocksOf(tree, drawn);
  const edges = mergeLinks(tree.links, (item) => endOf(drawn, blocks, item))
    .filter(({ from, to }) => !isInside(from, to) && !isInside(to, from))
    .map(({ from, to, kind, count }) => ({ from: from.id, to: to.id, kind, count }));
  const standIns = new Array<string>(model.nodes.length).fill('');
  for (const item of tree.items) {
    if (item.node >= 0) standIns[item.node] = drawn.shown[item.at]?.id ?? '';
  }
  const key = JSON.stringify([items.map((i) => [i.id, i.open, i.parent]), edges.map((e) => [e.from, e.to])]);
  return { items, edges, standIns, key };
}

/** What must be opened so that the item with this id (of a node or group) is drawn: outermost first. */
export function waysTo(model: GraphModel, id: string, options: ViewOptions = {}): string[] {
  const open = [...(options.open ?? [])];
  const place = model.nodes.findIndex((node) => node.id === id);
  if (place < 0) return open;
  for (let step = 0; step < 12; step += 1) {
    const closed = (options.closed ?? []).filter((other) => !open.includes(other));
    const view = viewOf(model, { ...options, open, closed });
    const standIn = view.items.find((item) => item.id === view.standIns[place]);
    if (standIn === undefined || standIn.node === id || open.includes(standIn.id)) return open;
    open.push(standIn.id);
  }
  return open;
}
