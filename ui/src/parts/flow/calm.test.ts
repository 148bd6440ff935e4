import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { calmly } from './calm';

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it('answers at once, then once a gap, and after the last wish', () => {
  const work = vi.fn();
  const calm = calmly(work, 1000);
  for (let i = 0; i < 30; i += 1) {
    calm.call();
    vi.advanceTimersByTime(100);
  }
  vi.advanceTimersByTime(2000);
  expect(work).toHaveBeenCalledTimes(4);
});

it('does nothing after its end', () => {
  const work = vi.fn();
  const calm = calmly(work, 1000);
  calm.call();
  calm.end();
  vi.advanceTimersByTime(2000);
  expect(work).not.toHaveBeenCalled();
});
