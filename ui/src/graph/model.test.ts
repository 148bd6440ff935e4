import { describe, expect, it } from 'vitest';
import { buildTree, parentPath, sameShape, type GraphModel, type GraphNode } from './model';
import { viewOf, waysTo, type View } from './view';

const chain = (count: number, group?: (i: number) => string): GraphModel => ({
  nodes: Array.from({ length: count }, (_, i): GraphNode => {
    const node: GraphNode = { id: `t${i}`, label: `t${i}`, kind: 'shell' };
    return group === undefined ? node : { ...node, group: group(i) };
  }),
  edges: Array.from({ length: count - 1 }, (_, i) => ({ from: `t${i}`, to: `t${i + 1}` })),
});

/** `start`, then many that need it, then `end`. */
const fan = (count: number): GraphModel => ({
  nodes: [
    { id: 'start', label: 'start' },
    ...Array.from({ length: count }, (_, i) => ({ id: `m${i}`, label: `m${i}`, kind: 'shell' })),
    { id: 'end', label: 'end' },
  ],
  edges: Array.from({ length: count }, (_, i) => [
    { from: 'start', to: `m${i}` },
    { from: `m${i}`, to: 'end' },
  ]).flat(),
});

const layered = (layers: number, width: number): GraphModel => ({
  nodes: Array.from({ length: layers * width }, (_, i) => ({
    id: `${Math.floor(i / width)}-${i % width}`,
    label: `${i}`,
  })),
  edges: Array.from({ length: (layers - 1) * width }, (_, i) =>
    [7, 13, 31].map((step) => ({
      from: `${Math.floor(i / width)}-${i % width}`,
      to: `${Math.floor(i / width) + 1}-${(i * step) % width}`,
    })),
  ).flat(),
});

const ids = (view: View): string[] => view.items.map((item) => item.id);
const item = (view: View, id: string) => view.items.find((other) => other.id === id);
const edges = (view: View): string[] => view.edges.map(({ from, to, count }) => `${from}>${to}*${count}`);
const isAcyclic = (view: View): boolean => {
  const left = new Map(view.items.map(({ id }) => [id, 0]));
  for (const { to } of view.edges) left.set(to, (left.get(to) ?? 0) + 1);
  const free = [...left].filter(([, count]) => count === 0).map(([id]) => id);
  let seen = 0;
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    seen += 1;
    for (const edge of view.edges.filter(({ from }) => from === id)) {
      left.set(edge.to, (left.get(edge.to) ?? 0) - 1);
      if (left.get(edge.to) === 0) free.push(edge.to);
    }
  }
  return seen === left.size;
};

describe('paths', () => {
  it.each([
    ['a', null],
    ['a/b', 'a'],
    ['each[3]', 'each'],
    ['a/each[3]', 'a/each'],
    ['a/b[3]/c', 'a/b[3]'],
    ['[3]', null],
  ])('%s is inside of %s', (path, parent) => expect(parentPath(path)).toBe(parent));
});

describe('the tree', () => {
  const loop: GraphModel = {
    nodes: [
      { id: 'each', label: 'each', kind: 'foreach' },
      { id: 'each[0]/a', label: 'a', group: 'each[0]' },
      { id: 'each[0]/b', label: 'b', group: 'each[0]' },
      { id: 'each[1]/a', label: 'a', group: 'each[1]' },
      { id: 'after', label: 'after' },
    ],
    edges: [
      { from: 'each[0]/a', to: 'each[0]/b' },
      { from: 'each', to: 'after' },
    ],
  };

  it('nests groups by their paths, and takes the node of the same name for the head', () => {
    const view = viewOf(loop);
    expect(view.items.map(({ id, depth, open }) => [id, depth, open])).toEqual([
      ['each', 0, true],
      ['each[0]', 1, true],
      ['each[0]/a', 2, false],
      ['each[0]/b', 2, false],
      ['each[1]', 1, true],
      ['each[1]/a', 2, false],
      ['after', 0, false],
    ]);
    expect(item(view, 'each')).toMatchObject({ type: 'group', node: 'each', size: 3, count: '3 tasks' });
    expect(edges(view)).toEqual(['each[0]/a>each[0]/b*1', 'each>after*1']);
  });

  it('closes groups: their edges merge, and nodes say who stands for them', () => {
    const view = viewOf(loop, { closed: ['each'] });
    expect(ids(view)).toEqual(['each', 'after']);
    expect(edges(view)).toEqual(['each>after*1']);
    expect(view.standIns).toEqual(['each', 'each', 'each', 'each', 'after']);
    expect(viewOf(loop, { closed: ['each[0]'] }).key).not.toBe(view.key);
  });

  it('survives groups that are inside of each other, edges to nowhere, and empty groups', () => {
    const view = viewOf({
      nodes: [{ id: 'n', label: 'n', group: 'a' }],
      edges: [
        { from: 'n', to: 'missing' },
        { from: 'n', to: 'n' },
      ],
      groups: [{ id: 'a', parent: 'b' }, { id: 'b', parent: 'a' }, { id: 'empty' }],
    });
    expect(ids(view)).toEqual(['b', 'a', 'n']);
    expect(view.edges).toEqual([]);
  });

  it('takes a group without members for the node that heads it', () => {
    const view = viewOf({ nodes: [{ id: 'x', label: 'x' }], edges: [], groups: [{ id: 'x' }] });
    expect(view.items).toMatchObject([{ id: 'x', type: 'node', node: 'x', open: false }]);
  });

  it('is deep without trouble', () => {
    const path = Array.from({ length: 200 }, () => 'a').join('/');
    expect(viewOf({ nodes: [{ id: 'n', label: 'n', group: path }], edges: [] }).items.length).toBeGreaterThan(1);
  });
});

describe('too many nodes', () => {
  it('closes the largest groups first', () => {
    const model = chain(400, (i) => (i < 250 ? 'big' : i < 350 ? 'middle' : 'small'));
    const view = viewOf(model);
    expect(view.items.filter((one) => one.type === 'group').map(({ id, open }) => [id, open])).toEqual([
      ['big', false],
      ['middle', true],
      ['small', true],
    ]);
    expect(edges(view)).toContain('big>t250*1');
    expect(viewOf(model, { open: ['big'] }).items.find(({ id }) => id === 'big')?.open).toBe(true);
    expect(viewOf(model, { open: ['big'] }).items.length).toBeLessThanOrEqual(300);
  });

  it('does not close the one group around everything', () => {
    const model = chain(600, (i) => `all/${i < 300 ? 'a' : 'b'}`);
    const view = viewOf(model);
    expect(view.items[0]).toMatchObject({ id: 'all', open: true });
    expect(view.items.length).toBeLessThanOrEqual(300);
  });

  it('bundles nodes with the same neighbours', () => {
    const view = viewOf(fan(1200));
    expect(view.items.map(({ label, type }) => [label, type])).toEqual([
      ['start', 'node'],
      ['1,200 tasks', 'bundle'],
      ['end', 'node'],
    ]);
    expect(view.items[1]).toMatchObject({ size: 1200, kind: 'shell', span: 'm0 … m1199' });
    expect(view.edges.map(({ count }) => count)).toEqual([1200, 1200]);
  });

  it('draws few that are the same as an open block, with one edge in and one out', () => {
    const view = viewOf(fan(20));
    expect(view.items).toHaveLength(23);
    expect(view.edges).toHaveLength(2);
    expect(viewOf(fan(5)).edges).toHaveLength(10);
  });

  it('opens bundles in parts', () => {
    const opened = viewOf(fan(1200), { open: ['~same:m0'] });
    const parts = opened.items.filter((one) => one.parent === '~same:m0');
    expect(parts).toHaveLength(24);
    expect(parts[0]).toMatchObject({ type: 'bundle', size: 50, open: false });
    const part = parts[3]?.id ?? '';
    const deeper = viewOf(fan(1200), { open: ['~same:m0', part] });
    expect(deeper.items.filter((one) => one.parent === part)).toHaveLength(50);
  });

  it('bundles what stands alike where neighbours differ: many chains side by side', () => {
    const nodes = ['a', 'b', 'c'].flatMap((id) =>
      Array.from({ length: 200 }, (_, i) => ({ id: `${id}${i}`, label: `${id}${i}` })),
    );
    const links = Array.from({ length: 200 }, (_, i) => [
      { from: `a${i}`, to: `b${i}` },
      { from: `b${i}`, to: `c${i}` },
    ]).flat();
    const view = viewOf({ nodes, edges: links });
    expect(view.items.map(({ size }) => size)).toEqual([200, 200, 200]);
    expect(edges(view)).toEqual(['~alike:a0>~alike:b0*200', '~alike:b0>~alike:c0*200']);
  });

  it.each([
    ['a chain', chain(5000)],
    ['layers', layered(10, 500)],
    ['loop items', chain(5000, (i) => `each[${Math.floor(i / 5)}]`)],
    ['no edges', { ...chain(5000), edges: [] }],
  ])('draws %s of 5,000 within the limit', (_, model) => {
    const view = viewOf(model);
    expect(view.items.length).toBeLessThanOrEqual(300);
    expect(isAcyclic(view)).toBe(true);
    expect(view.standIns.every((id) => item(view, id) !== undefined)).toBe(true);
    expect(viewOf(model).key).toBe(view.key);
  });

  it('lives with cycles', () => {
    const model = chain(5000);
    const view = viewOf({ nodes: model.nodes, edges: [...model.edges, { from: 't4999', to: 't0' }] });
    expect(view.items.length).toBeLessThanOrEqual(300);
    expect(viewOf({ ...chain(3), edges: [...chain(3).edges, { from: 't2', to: 't0' }] }).edges).toHaveLength(3);
  });
});

describe('ways to a node', () => {
  it('opens what is around it', () => {
    const model = fan(1200);
    const open = waysTo(model, 'm700');
    expect(ids(viewOf(model, { open }))).toContain('m700');
    expect(waysTo(model, 'start')).toEqual([]);
    expect(waysTo(model, 'nobody')).toEqual([]);
  });

  it('opens what somebody closed', () => {
    const model = chain(6, (i) => (i < 3 ? 'a' : 'b'));
    const open = waysTo(model, 't1', { closed: ['a', 'b'] });
    expect(open).toEqual(['a']);
  });
});

describe('sameShape', () => {
  it('tells whether only states differ', () => {
    const model = chain(3);
    const later = { ...model, nodes: model.nodes.map((node) => ({ ...node, state: 'completed' })) };
    expect(sameShape(model, later)).toBe(true);
    expect(sameShape(model, chain(4))).toBe(false);
    expect(sameShape(model, { ...model, edges: [...model.edges].reverse() })).toBe(false);
    expect(buildTree(model).links).toHaveLength(2);
  });
});
