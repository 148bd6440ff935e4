/**
 * Bundles: groups that nobody wrote. Nodes of one kind with the same neighbours become one ("1,200 tasks"); where that
 * does not help, those that stand alike (in one layer, with neighbours alike), and at last stretches of the order.
 */
import { addItem, countOf, measure, type Tree, type TreeItem } from './model';
import { drawnOf, layersOf, mergeLinks, neighboursOf, type Neighbours } from './project';

/** So many nodes that are the same are drawn as a block. */
export const SAME_MIN = 12;
/** A stretch of an opened bundle; a container with fewer members is never parted. */
export const STRETCH = 50;
const ALIKE_MIN = 3;
const ROUNDS = 4;

function mix(value: number): number {
  let h = Math.imul(value ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** The members move into a new bundle, which stands where the first of them stood. */
function wrap(tree: Tree, members: readonly TreeItem[], rule: string): TreeItem | undefined {
  const first = members[0];
  const last = members[members.length - 1];
  const parent = first?.parent;
  if (first === undefined || last === undefined || parent === null || parent === undefined) return undefined;
  const kind = members.every((member) => member.kind === first.kind) ? first.kind : undefined;
  const bundle = addItem(tree, {
    id: `~${rule}:${first.id}`,
    label: countOf(members.length, members.every((member) => member.type === 'node') ? tree.root.noun : parent.noun),
    kind,
    type: 'bundle',
    parent,
    node: -1,
    noun: parent.noun,
  });
  const inside = new Set(members);
  parent.children = parent.children.flatMap((child) => (child === first ? [bundle] : inside.has(child) ? [] : [child]));
  bundle.children = [...members];
  for (const member of members) member.parent = bundle;
  // What somebody opened stays in sight.
  bundle.open = members.some((member) => member.open);
  tree.byId.set(bundle.id, bundle);
  measure(bundle);
  return bundle;
}

/** Nodes of one group, of one kind, with exactly the same neighbours: blocks, open until there are too many. */
export function bundleSame(tree: Tree, least: number = SAME_MIN): void {
  const [into, out] = [new Int32Array(tree.items.length), new Int32Array(tree.items.length)];
  for (const { from, to } of tree.links) {
    into[to.at] = (into[to.at] ?? 0) + mix(from.at + 1);
    out[from.at] = (out[from.at] ?? 0) + mix(to.at + 1);
  }
  for (const parent of [tree.root, ...tree.items]) {
    if (parent.children.length < least) continue;
    const classes = new Map<string, TreeItem[]>();
    for (const child of parent.children) {
      const [before, after] = [into[child.at] ?? 0, out[child.at] ?? 0];
      if (child.type !== 'node' || (before === 0 && after === 0)) continue; // what stands alone is laid out as a block
      const key = `${before},${after},${child.kind ?? ''}`;
      const members = classes.get(key);
      if (members === undefined) classes.set(key, [child]);
      else members.push(child);
    }
    for (const members of classes.values()) {
      if (members.length < least || members.length === parent.children.length) continue;
      const bundle = wrap(tree, members, 'same');
      if (bundle !== undefined) bundle.open = true;
    }
  }
}

interface Surroundings {
  items: readonly TreeItem[];
  next: Neighbours;
  previous: Neighbours;
  /** By `at`, as the colours below. */
  layers: Int32Array;
}

function surroundings(tree: Tree): Surroundings {
  const { items, shown } = drawnOf(tree);
  const links = mergeLinks(tree.links, (item) => shown[item.at]);
  const next = neighboursOf(tree.items.length, links, false);
  const previous = neighboursOf(tree.items.length, links, true);
  return { items, next, previous, layers: layersOf(items, tree.items.length, next) };
}

/** The sum over the different colours of the neighbours. */
function sumOf(at: number, { start, to }: Neighbours, colours: Int32Array, salt: number): number {
  const [begin, end] = [start[at] ?? 0, start[at + 1] ?? 0];
  const seen = end - begin > 16 ? new Set<number>() : undefined;
  let sum = 0;
  for (let i = begin; i < end; i += 1) {
    const colour = colours[to[i] ?? 0] ?? 0;
    let isNew = seen === undefined || !seen.has(colour);
    seen?.add(colour);
    // For few, a look at those before is much faster than a set.
    for (let j = begin; isNew && seen === undefined && j < i; j += 1) isNew = colours[to[j] ?? 0] !== colour;
    if (isNew) sum = (sum + mix(colour ^ salt)) | 0;
  }
  return sum;
}

/** Colours of ever finer parts: first by layer and kind, then also by the colours of the neighbours. */
function* colourings({ items, next, previous, layers }: Surroundings): Generator<Int32Array> {
  let colours = new Int32Array(layers.length);
  for (const item of items) {
    const kind = item.type === 'node' ? (item.kind ?? '') : `(${item.type}) ${item.kind ?? ''}`;
    colours[item.at] = mix((layers[item.at] ?? 0) ^ hashText(kind) ^ mix(item.parent?.at ?? -1));
  }
  for (let round = 0; round <= ROUNDS; round += 1) {
    yield colours;
    const finer = new Int32Array(colours.length);
    for (const { at } of items) {
      const around = sumOf(at, previous, colours, 1) + sumOf(at, next, colours, 2);
      finer[at] = mix((colours[at] ?? 0) ^ mix(around));
    }
    colours = finer;
  }
}

function classesOf(children: readonly TreeItem[], colours: Int32Array): TreeItem[][] {
  const classes = new Map<number, TreeItem[]>();
  for (const child of children) {
    const colour = colours[child.at] ?? 0;
    const members = classes.get(colour);
    if (members === undefined) classes.set(colour, [child]);
    else members.push(child);
  }
  return [...classes.values()];
}

function left(classes: readonly TreeItem[][]): number {
  return classes.reduce((sum, members) => sum + (members.length >= ALIKE_MIN ? 1 : members.length), 0);
}

/** Bundles what stands alike in `parent`, so finely that at most `most` are left. False: there is no such way. */
function bundleAlike(tree: Tree, parent: TreeItem, around: Surroundings, most: number): boolean {
  let best: TreeItem[][] | undefined;
  for (const colours of colourings(around)) {
    const classes = classesOf(parent.children, colours);
    if (left(classes) > most) break;
    best = classes;
  }
  if (best === undefined || best.length < 2) return false;
  for (const members of best) if (members.length >= ALIKE_MIN) wrap(tree, members, 'alike');
  return true;
}

/** Stretches of the order that the edges give: no two of them can lead to each other both ways. */
function bundleStretches(tree: Tree, parent: TreeItem, around: Surroundings, most: number): void {
  const order = new Map(parent.children.map((child, i) => [child, i]));
  const layer = (item: TreeItem): number => around.layers[item.at] ?? 0;
  const members = [...parent.children].sort((a, b) => layer(a) - layer(b) || (order.get(a) ?? 0) - (order.get(b) ?? 0));
  let size = STRETCH;
  while (Math.ceil(members.length / size) > Math.max(most, STRETCH)) size *= STRETCH;
  for (let i = 0; i < members.length; i += size) wrap(tree, members.slice(i, i + size), String(size));
}

/** Makes fewer of the members of `parent`: at most about `most`. */
export function bundleMembers(tree: Tree, parent: TreeItem, most: number): void {
  const around = surroundings(tree);
  if (!bundleAlike(tree, parent, around, most)) bundleStretches(tree, parent, around, most);
}
