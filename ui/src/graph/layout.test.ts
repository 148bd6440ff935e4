import { describe, expect, it } from 'vitest';
import { layout, type Box, type LayoutInput } from './layout';
import type { GraphModel } from './model';
import { viewOf } from './view';

const SHAPE = { node: { width: 200, height: 46 }, boxWidth: 160 } as const;

function inputOf(model: GraphModel, direction: 'right' | 'down' = 'right', limit = 300): LayoutInput {
  const { items, edges } = viewOf(model, { limit });
  return { items, edges, direction, ...SHAPE };
}

const model: GraphModel = {
  nodes: [
    { id: 'a', label: 'a' },
    { id: 'each', label: 'each' },
    { id: 'each[0]/x', label: 'x', group: 'each[0]' },
    { id: 'each[0]/y', label: 'y', group: 'each[0]' },
    { id: 'each[1]/x', label: 'x', group: 'each[1]' },
    { id: 'b', label: 'b' },
    { id: 'alone', label: 'alone' },
  ],
  edges: [
    { from: 'a', to: 'each' },
    { from: 'each[0]/x', to: 'each[0]/y' },
    { from: 'each', to: 'b' },
    { from: 'a', to: 'each[1]/x' },
    { from: 'each[0]/y', to: 'b' },
  ],
};

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function contains(outer: Box, inner: Box): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

describe.each(['right', 'down'] as const)('a layout to the %s', (direction) => {
  const input = inputOf(model, direction);
  const made = layout(input);

  it('places everything, members in their boxes, nothing over another', () => {
    const box = (id: string): Box => made.boxes[id] as Box;
    for (const a of input.items) {
      if (a.parent !== null) expect(contains(box(a.parent), box(a.id))).toBe(true);
      for (const b of input.items) {
        if (a.id < b.id && a.parent === b.parent) expect(overlap(box(a.id), box(b.id))).toBe(false);
      }
    }
    expect(contains({ x: 0, y: 0, width: made.width, height: made.height }, box('each'))).toBe(true);
  });

  it('leads edges from side to side', () => {
    input.edges.forEach(({ from, to }, i) => {
      const path = made.paths[i] ?? [];
      const [a, b] = [made.boxes[from] as Box, made.boxes[to] as Box];
      const [begin, end] = [path[0], path[path.length - 1]];
      expect(begin).toEqual(
        direction === 'right' ? [a.x + a.width, a.y + a.height / 2] : [a.x + a.width / 2, a.y + a.height],
      );
      expect(end).toEqual(direction === 'right' ? [b.x, b.y + b.height / 2] : [b.x + b.width / 2, b.y]);
    });
  });

  it('is the same each time', () => expect(layout(input)).toEqual(made));
});

describe('layouts', () => {
  it('does not hang on cycles', () => {
    const ring: GraphModel = {
      nodes: [0, 1, 2].map((i) => ({ id: `${i}`, label: `${i}` })),
      edges: [0, 1, 2].map((i) => ({ from: `${i}`, to: `${(i + 1) % 3}` })),
    };
    expect(Object.keys(layout(inputOf(ring)).boxes)).toHaveLength(3);
  });

  it('is empty for nothing', () => {
    expect(layout({ items: [], edges: [], direction: 'right', ...SHAPE }).boxes).toEqual({});
  });

  it('puts what has no edges into rows', () => {
    const loose: GraphModel = {
      nodes: Array.from({ length: 40 }, (_, i) => ({ id: `${i}`, label: `${i}` })),
      edges: [],
    };
    const { width, height } = layout(inputOf(loose));
    expect(width / height).toBeGreaterThan(1);
    expect(width / height).toBeLessThan(3);
  });

  it('gives each of 300 nodes a box of its own', () => {
    const nodes = Array.from({ length: 300 }, (_, i) => ({ id: `${i}`, label: `${i}` }));
    const edges = Array.from({ length: 290 }, (_, i) => [
      { from: `${i}`, to: `${i + 10}` },
      { from: `${i}`, to: `${Math.min(299, i + 7 + (i % 13))}` },
    ]).flat();
    const input = inputOf({ nodes, edges }, 'right', 400);
    const { boxes } = layout(input);
    const places = Object.values(boxes).map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(300);
  });
});
