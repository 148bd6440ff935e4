/** What the graph shows, and the tree of groups in it. Plain data and pure functions. */
import { counted } from '../text';

export interface GraphNode {
  id: string;
  label: string;
  /** What it is ("shell", "foreach", "server"): shown, and only nodes of one kind are bundled. */
  kind?: string;
  state?: string;
  /** Path of the group that it stands in; groups nest by slashes and by loop items: "a/b", "each[3]". */
  group?: string;
  /** Second line: an attempt, a count. */
  detail?: string;
  /** Milliseconds since 1970: from `since` to `until` (or now) is its duration. */
  since?: number;
  until?: number;
}

/** Solid where something is handed over ("data"), dashed where only the order matters ("order", "after", "failure"). */
export interface GraphEdge {
  /** Ids of nodes, or paths of groups. */
  from: string;
  to: string;
  kind?: string;
}

/** One and many: ["task", "tasks"]. */
export type Noun = readonly [string, string];

/** What is known of a group beyond its path. */
export interface GraphGroup {
  id: string;
  label?: string;
  kind?: string;
  /** Where it does not follow from the path; null: at the top. */
  parent?: string | null;
  /** The node that the group is the inside of. Without it, the node whose id is the group's path. */
  head?: string;
  /** What its members are called. */
  noun?: Noun;
  /** It is closed until somebody opens it. */
  closed?: boolean;
}

export interface GraphModel {
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  groups?: readonly GraphGroup[];
  /** What a node is called; without it, a task. */
  noun?: Noun;
}

export type ItemType = 'node' | 'group' | 'bundle';

/** A node, a group, or a bundle: a group that nobody wrote, made where too many nodes would be drawn. */
export interface TreeItem {
  id: string;
  label: string;
  kind: string | undefined;
  type: ItemType;
  parent: TreeItem | null;
  children: TreeItem[];
  /** Place of its node in the model (of a group: of its head); -1: it has none. */
  node: number;
  /** Nodes inside, without its own. */
  size: number;
  noun: Noun;
  open: boolean;
  /** Place in the tree's `items`. */
  at: number;
}

export interface TreeLink {
  from: TreeItem;
  to: TreeItem;
  kind: string | undefined;
}

export interface Tree {
  root: TreeItem;
  items: TreeItem[];
  byId: Map<string, TreeItem>;
  links: TreeLink[];
}

export const TASKS: Noun = ['task', 'tasks'];
const ITEMS: Noun = ['item', 'items'];
const DEEPEST = 50;

/** "a/b[3]" → "a/b" → "a" → null. */
export function parentPath(path: string): string | null {
  if (path.endsWith(']')) {
    const bracket = path.lastIndexOf('[');
    if (bracket > 0) return path.slice(0, bracket);
  }
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : null;
}

export function lastPart(path: string): string {
  const parent = parentPath(path);
  if (parent === null) return path;
  return path.charAt(parent.length) === '[' ? path.slice(parent.length) : path.slice(parent.length + 1);
}

export function countOf(count: number, noun: Noun): string {
  return counted(count, noun[0], noun[1]);
}

export function addItem(tree: Tree, item: Omit<TreeItem, 'children' | 'size' | 'open' | 'at'>): TreeItem {
  const made: TreeItem = { ...item, children: [], size: 0, open: false, at: tree.items.length };
  tree.items.push(made);
  return made;
}

function emptyTree(noun: Noun): Tree {
  const root: TreeItem = {
    id: '',
    label: '',
    kind: undefined,
    type: 'group',
    parent: null,
    children: [],
    node: -1,
    size: 0,
    noun,
    open: true,
    at: -1,
  };
  return { root, items: [], byId: new Map(), links: [] };
}

/** Makes the groups of a model, each with the groups around it. */
class GroupMaker {
  private readonly infos = new Map<string, GraphGroup>();
  private readonly heads = new Map<string, string>();
  private readonly nodeAt = new Map<string, number>();
  private readonly making = new Set<string>();
  readonly groups = new Map<string, TreeItem>();

  constructor(
    private readonly model: GraphModel,
    private readonly tree: Tree,
  ) {
    for (const info of model.groups ?? []) {
      this.infos.set(info.id, info);
      if (info.head !== undefined) this.heads.set(info.id, info.head);
    }
    model.nodes.forEach((node, i) => this.nodeAt.set(node.id, i));
  }

  hasNoun(path: string): boolean {
    return this.infos.get(path)?.noun !== undefined;
  }

  /** Null: the top, which is also where a group goes that would be inside of itself. */
  make(path: string | null | undefined): TreeItem | null {
    if (path === null || path === undefined || path === '') return null;
    const known = this.groups.get(path);
    if (known !== undefined) return known;
    if (this.making.has(path) || this.making.size >= DEEPEST) return null;
    this.making.add(path);
    const info = this.infos.get(path);
    const node = this.nodeAt.get(info?.head ?? path) ?? -1;
    const head = this.model.nodes[node];
    const parent = this.make(info?.parent !== undefined ? info.parent : (head?.group ?? parentPath(path)));
    const made = addItem(this.tree, {
      id: path,
      label: info?.label ?? head?.label ?? lastPart(path),
      kind: info?.kind ?? head?.kind,
      type: 'group',
      parent: parent ?? this.tree.root,
      node,
      noun: info?.noun ?? (path.endsWith(']') ? this.tree.root.noun : (parent?.noun ?? this.tree.root.noun)),
    });
    this.making.delete(path);
    made.open = info?.closed !== true;
    this.groups.set(path, made);
    this.tree.byId.set(path, made);
    if (head !== undefined) this.tree.byId.set(head.id, made);
    return made;
  }
}

/** Children in the order of the model; a group stands where its head or its first member does. */
function placeChildren(model: GraphModel, tree: Tree, maker: GroupMaker): void {
  const placed = new Set<TreeItem>();
  const place = (item: TreeItem): void => {
    if (placed.has(item) || item.parent === null) return;
    placed.add(item);
    place(item.parent);
    item.parent.children.push(item);
  };
  const heads = new Map<number, TreeItem>();
  for (const group of maker.groups.values()) if (group.node >= 0) heads.set(group.node, group);
  model.nodes.forEach((node, i) => {
    const head = heads.get(i);
    if (head !== undefined) return place(head);
    const made = addItem(tree, {
      id: node.id,
      label: node.label,
      kind: node.kind,
      type: 'node',
      parent: maker.groups.get(node.group ?? '') ?? tree.root,
      node: i,
      noun: tree.root.noun,
    });
    tree.byId.set(node.id, made);
    place(made);
  });
}

/** Groups without members are nodes where they have a head, and nothing where they have none. */
function dropEmpty(tree: Tree): void {
  for (const item of [...tree.items].reverse()) {
    if (item.type !== 'group' || item.children.length > 0) continue;
    if (item.node >= 0) {
      item.type = 'node';
      item.open = false;
    } else if (item.parent !== null) {
      item.parent.children = item.parent.children.filter((child) => child !== item);
      tree.byId.delete(item.id);
    }
  }
}

export function measure(item: TreeItem): number {
  item.size = 0;
  for (const child of item.children) item.size += measure(child) + (child.node >= 0 ? 1 : 0);
  return item.size;
}

export function buildTree(model: GraphModel): Tree {
  const tree = emptyTree(model.noun ?? TASKS);
  const maker = new GroupMaker(model, tree);
  for (const info of model.groups ?? []) maker.make(info.id);
  for (const node of model.nodes) maker.make(node.group);
  // Loop items are items, whatever else the group holds.
  for (const { id, parent } of maker.groups.values()) {
    if (id.endsWith(']') && parent !== null && parent !== tree.root && !maker.hasNoun(parent.id)) parent.noun = ITEMS;
  }
  placeChildren(model, tree, maker);
  dropEmpty(tree);
  measure(tree.root);
  for (const edge of model.edges) {
    const from = tree.byId.get(edge.from);
    const to = tree.byId.get(edge.to);
    if (from !== undefined && to !== undefined && from !== to) tree.links.push({ from, to, kind: edge.kind });
  }
  return tree;
}

export function isInside(item: TreeItem, outer: TreeItem): boolean {
  for (let at = item.parent; at !== null; at = at.parent) if (at === outer) return true;
  return false;
}

/** Whether two models draw the same: then only states have changed, and nothing is laid out again. */
export function sameShape(a: GraphModel, b: GraphModel): boolean {
  if (a === b) return true;
  if (a.nodes.length !== b.nodes.length || a.edges.length !== b.edges.length) return false;
  if ((a.groups?.length ?? 0) !== (b.groups?.length ?? 0)) return false;
  const sameNode = (x: GraphNode, y: GraphNode | undefined): boolean =>
    x === y || (x.id === y?.id && x.label === y.label && x.kind === y.kind && x.group === y.group);
  const sameEdge = (x: GraphEdge, y: GraphEdge | undefined): boolean =>
    x === y || (x.from === y?.from && x.to === y.to && x.kind === y.kind);
  const sameGroup = (x: GraphGroup, y: GraphGroup | undefined): boolean =>
    x === y || (x.id === y?.id && x.label === y.label && x.parent === y.parent && x.head === y.head);
  return (
    a.nodes.every((node, i) => sameNode(node, b.nodes[i])) &&
    a.edges.every((edge, i) => sameEdge(edge, b.edges[i])) &&
    (a.groups ?? []).every((group, i) => sameGroup(group, b.groups?.[i]))
  );
}
