import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { soon } from './pace';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

it('calls each once, at most ten a second, in the order in which they came', () => {
  const said: number[] = [];
  const calls = Array.from({ length: 25 }, (_, index) => () => void said.push(index));
  for (const call of [...calls, ...calls]) soon(call);
  vi.advanceTimersByTime(1000);
  expect(said.length).toBeLessThanOrEqual(11);
  vi.advanceTimersByTime(2000);
  expect(said).toEqual(calls.map((_, index) => index));
});

it('forgets what is not wanted any more', () => {
  const call = vi.fn();
  soon(call)();
  vi.advanceTimersByTime(1000);
  expect(call).not.toHaveBeenCalled();
});
