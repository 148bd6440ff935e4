import { expect, it } from 'vitest';
import { flat, isIn, namespaceTree } from './tree';

const rows = ['b.c', 'a', 'b.c.d', 'b.c', '', 'b-x'].map((namespace) => ({ namespace }));

it('nests dotted names, and counts what is below', () => {
  const lines = flat(namespaceTree(rows)).map(({ node, depth }) => `${' '.repeat(depth)}${node.label} ${node.total}`);
  expect(lines).toEqual(['a 1', 'b 3', ' c 3', '  d 1', 'b-x 1']);
});

it('knows what is in a namespace', () => {
  expect(['', 'b', 'b.c', 'bc'].map((name) => isIn('b', name))).toEqual([false, true, true, false]);
  expect(isIn('_', '')).toBe(true);
  expect(isIn('_', 'a')).toBe(false);
  expect(isIn('', 'a')).toBe(true);
});
