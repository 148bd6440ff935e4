import { describe, expect, it } from 'vitest';
import type { Task } from '../../../api';
import { labelIn, listOf, treeOf } from './tree';

const task = (path: string, state = 'completed', warnings = 0): Task => ({ task: path, state, attempt: 1, warnings });
const paths = ['list', 'each', 'each[0]/read', 'each[0]/write', 'each[1]/read', 'each[1]/write', 'sum'];
const nodes = paths.map((id) => ({ id, kind: 'log' }));
const tasks = paths.map((path) => task(path, path === 'each[1]/read' ? 'error' : 'completed', path === 'sum' ? 1 : 0));
const none = () => false;

describe('treeOf', () => {
  it('stands tasks below the group that they are in', () => {
    const lines = treeOf(nodes, tasks, new Set());
    expect(lines.map((line) => `${'  '.repeat(line.depth)}${line.label}`)).toEqual([
      'list',
      'each',
      '  [0] read',
      '  [0] write',
      '  [1] read',
      '  [1] write',
      'sum',
    ]);
    expect(lines[1]).toMatchObject({ inside: 4, open: true });
  });

  it('folds what somebody closed, and what has much inside', () => {
    expect(treeOf(nodes, tasks, new Set(['each'])).map((line) => line.label)).toEqual(['list', 'each', 'sum']);
    const many = ['each', ...Array.from({ length: 100 }, (_, place) => `each[${place}]/x`)];
    const lines = treeOf(
      many.map((id) => ({ id })),
      many.map((path) => task(path)),
      new Set(),
    );
    expect(lines).toHaveLength(1);
  });

  it('labels what is inside of a case by its name', () => {
    expect(labelIn('how/copy', 'how')).toBe('copy');
    expect(labelIn('how/copy', '')).toBe('how/copy');
  });
});

describe('listOf', () => {
  const wish = { search: '', state: '', errorsFirst: false };

  it('filters by state and words', () => {
    expect(listOf(nodes, tasks, { ...wish, state: 'error' }, none).map((line) => line.label)).toEqual(['each[1]/read']);
    expect(listOf(nodes, tasks, { ...wish, search: 'write 1' }, none).map((line) => line.label)).toEqual([
      'each[1]/write',
    ]);
    expect(listOf(nodes, tasks, { ...wish, state: 'warned' }, none).map((line) => line.label)).toEqual(['sum']);
    expect(listOf(nodes, tasks, { ...wish, state: 'held' }, (path) => path === 'list')).toHaveLength(1);
  });

  it('has errors first, then in order', () => {
    const lines = listOf(nodes, tasks, { ...wish, errorsFirst: true }, none);
    expect(lines.map((line) => line.label).slice(0, 3)).toEqual(['each[1]/read', 'sum', 'list']);
  });
});
