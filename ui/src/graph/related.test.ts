import { describe, expect, it } from 'vitest';
import { layout } from './layout';
import type { GraphModel } from './model';
import { relatedOf, stepFrom } from './related';
import { viewOf } from './view';

const model: GraphModel = {
  nodes: [
    { id: 'a', label: 'a' },
    { id: 'each', label: 'each' },
    { id: 'x', label: 'x', group: 'each' },
    { id: 'y', label: 'y', group: 'each' },
    { id: 'b', label: 'b' },
    { id: 'c', label: 'c' },
    { id: 'alone', label: 'alone' },
  ],
  edges: [
    { from: 'a', to: 'each' },
    { from: 'x', to: 'y' },
    { from: 'each', to: 'b' },
    { from: 'a', to: 'c' },
  ],
};
const view = viewOf(model);
const sorted = (ids: Iterable<string> | undefined): string[] => [...(ids ?? [])].sort();

describe('what comes before and after', () => {
  it('enters boxes and leaves them', () => {
    const related = relatedOf(view, 'x');
    expect(sorted(related?.upstream)).toEqual(['a']);
    expect(sorted(related?.downstream)).toEqual(['b', 'y']);
    expect(sorted(related?.all)).toEqual(['a', 'b', 'each', 'x', 'y']);
    expect(sorted(related?.edges)).toEqual(['a\neach', 'each\nb', 'x\ny']);
  });

  it('takes a box with all in it', () => {
    expect(sorted(relatedOf(view, 'a')?.downstream)).toEqual(['b', 'c', 'each', 'x', 'y']);
    expect(sorted(relatedOf(view, 'each')?.all)).toEqual(['a', 'b', 'each', 'x', 'y']);
    expect(sorted(relatedOf(view, 'alone')?.all)).toEqual(['alone']);
    expect(relatedOf(view, 'nobody')).toBeUndefined();
  });

  it('ends in cycles', () => {
    const ring = viewOf({
      nodes: ['a', 'b'].map((id) => ({ id, label: id })),
      edges: [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'a' },
      ],
    });
    expect(sorted(relatedOf(ring, 'a')?.all)).toEqual(['a', 'b']);
  });
});

describe.each([true, false])('arrow keys (flat: %s)', (flat) => {
  const made = layout({
    items: view.items,
    edges: view.edges,
    direction: flat ? 'right' : 'down',
    node: { width: 200, height: 48 },
    boxWidth: 190,
  });
  const step = (id: string, way: 'ArrowRight' | 'ArrowLeft' | 'ArrowUp' | 'ArrowDown'): string | undefined =>
    stepFrom(id, way, view, made, flat);
  const [on, back] = flat ? (['ArrowRight', 'ArrowLeft'] as const) : (['ArrowDown', 'ArrowUp'] as const);

  it('go along edges, into boxes and out of them', () => {
    expect(step('each', on)).toBe('x');
    expect(step('x', on)).toBe('y');
    expect(step('y', on)).toBe('b');
    expect(step('b', back)).toBe('each');
    expect(step('x', back)).toBe('each');
    expect(step('each', back)).toBe('a');
    expect(step('a', back)).toBeUndefined();
  });

  it('go to what is beside', () => {
    const beside = flat ? (['ArrowUp', 'ArrowDown'] as const) : (['ArrowLeft', 'ArrowRight'] as const);
    expect(beside.map((way) => step('c', way))).toContain('each');
  });
});
