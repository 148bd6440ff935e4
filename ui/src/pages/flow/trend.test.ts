import { expect, it } from 'vitest';
import type { Run } from '../../api';
import { columnsOf, trendOf } from './trend';

const run = (no: number, state: Run['state'], duration_ms?: number): Run =>
  ({ run: no, state, ...(duration_ms === undefined ? {} : { duration_ms, ended_at: '2026-01-01T00:00:00Z' }) }) as Run;

const runs = [
  run(5, 'running'),
  run(4, 'error', 9000),
  run(3, 'warning', 3000),
  run(2, 'completed', 1000),
  run(1, 'completed', 2000),
];

it('counts what has ended, the oldest first', () => {
  const trend = trendOf(runs);
  expect(trend.ended.map((one) => one.run)).toEqual([1, 2, 3, 4]);
  expect([trend.well, trend.median, trend.longest]).toEqual([3, 2000, 3000]);
  expect(trendOf([]).median).toBeUndefined();
});

it('has a column for each kind of end', () => {
  expect(columnsOf(trendOf(runs).ended)).toEqual([
    [0, 1, 2, 3],
    [2, 1, null, null],
    [null, null, 3, null],
    [null, null, null, 9],
    [null, null, null, null],
  ]);
});
