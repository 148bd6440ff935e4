import { describe, expect, it } from 'vitest';
import type { Attempt } from '../../../api';
import { barsOf, moved, placeOf, spanOf, ticksOf, zoomed } from './bars';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const time = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString();
const attempt = (task: string, number: number, times: [number, number, number | undefined]): Attempt => ({
  task,
  attempt: number,
  state: times[2] === undefined ? 'started' : 'completed',
  created_at: time(times[0]),
  started_at: time(times[1]),
  ...(times[2] !== undefined && { ended_at: time(times[2]) }),
});

describe('barsOf', () => {
  it('parts waiting from running, and leaves open what goes on', () => {
    const [bar] = barsOf([attempt('a', 1, [0, 2, undefined])], 'time', new Map());
    expect(bar?.pieces).toEqual([
      { phase: 'created', from: T0, to: T0 + 2000 },
      { phase: 'running', from: T0 + 2000, to: undefined },
    ]);
    expect(bar?.to).toBeUndefined();
  });

  it('keeps attempts of a task together, in each order', () => {
    const all = [attempt('late', 1, [5, 5, 6]), attempt('a', 2, [9, 9, 30]), attempt('a', 1, [1, 1, 2])];
    const keys = (order: 'time' | 'flow' | 'longest') =>
      barsOf(
        all,
        order,
        new Map([
          ['late', 0],
          ['a', 1],
        ]),
      ).map((bar) => bar.key);
    expect(keys('time')).toEqual(['1 a', '2 a', '1 late']);
    expect(keys('flow')).toEqual(['1 late', '1 a', '2 a']);
    expect(keys('longest')).toEqual(['1 a', '2 a', '1 late']);
  });

  it('shows what ended at once as a point', () => {
    const point: Attempt = { task: 'x', attempt: 1, state: 'completed', created_at: time(1) };
    expect(barsOf([point], 'time', new Map())[0]).toMatchObject({ from: T0 + 1000, to: T0 + 1000, pieces: [] });
  });
});

it('spans the run, until now while it goes on', () => {
  const bars = barsOf([attempt('a', 1, [1, 2, 3])], 'time', new Map());
  expect(spanOf(bars, T0, T0 + 5000, T0 + 99_000)).toEqual({ from: T0, to: T0 + 5000 });
  expect(spanOf(bars, T0, undefined, T0 + 99_000).to).toBe(T0 + 99_000);
});

it('marks the axis at even times', () => {
  expect(ticksOf({ from: T0, to: T0 + 10_000 }, T0, 6)).toEqual([0, 2000, 4000, 6000, 8000, 10_000]);
  expect(ticksOf({ from: T0 + 900, to: T0 + 3100 }, T0, 5)).toEqual([1000, 1500, 2000, 2500, 3000]);
});

describe('zooming', () => {
  const whole = { from: 0, to: 1000 };

  it('keeps the point under the pointer, and stays within the whole', () => {
    expect(zoomed(whole, whole, 0.5, 200)).toEqual({ from: 100, to: 600 });
    expect(zoomed({ from: 100, to: 600 }, whole, 4)).toEqual(whole);
    expect(moved({ from: 100, to: 600 }, whole, 2)).toEqual({ from: 500, to: 1000 });
  });

  it('never shows less than some milliseconds', () => {
    const { from, to } = zoomed({ from: 10, to: 16 }, whole, 0.01);
    expect(to - from).toBe(5);
  });
});

it('cuts what lies outside', () => {
  const span = { from: 100, to: 200 };
  expect(placeOf(span, 50, 150)).toEqual({ left: 0, width: 50 });
  expect(placeOf(span, 0, 50)).toBeUndefined();
  expect(placeOf(span, 300, 350)).toBeUndefined();
});
