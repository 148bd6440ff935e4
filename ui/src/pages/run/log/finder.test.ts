import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Finder, nextHit } from './finder.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const texts = (lines: string[]) => ({ count: lines.length, text: (index: number) => lines[index] ?? '' });

it('finds words without regard to case or colours, and goes on with new lines', () => {
  const finder = new Finder();
  const lines = ['an Error', 'fine', '\u001b[31mERR\u001b[0mor'];
  const log = texts(lines);
  finder.find(log, 'error');
  expect(finder.hits).toEqual([0, 2]);
  lines.push('error again');
  Object.assign(log, { count: 4 });
  finder.find(log, 'error');
  expect(finder.hits).toEqual([0, 2, 3]);
  finder.find(log, 'fine');
  expect(finder.hits).toEqual([1]);
});

it('looks through a long log in parts', () => {
  const finder = new Finder();
  finder.find(texts(Array.from({ length: 90_000 }, (_, index) => (index % 1000 === 0 ? 'hit' : 'no'))), 'hit');
  expect(finder.busy).toBe(true);
  vi.runAllTimers();
  expect([finder.busy, finder.hits.length]).toEqual([false, 90]);
});

it('goes to the next hit, and around the end', () => {
  expect([nextHit([2, 5, 9], 5, 1), nextHit([2, 5, 9], 5, -1), nextHit([2, 5, 9], 9, 1), nextHit([], 1, 1)]).toEqual([
    9,
    2,
    2,
    undefined,
  ]);
});
