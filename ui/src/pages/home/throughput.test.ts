import { describe, expect, it } from 'vitest';
import { EndBook, HOUR, totals } from './throughput';

const NOON = Date.UTC(2026, 0, 5, 12);
const NOW = NOON + 20 * 60_000;

describe('EndBook', () => {
  it('counts ends by hours of the clock', () => {
    const book = new EndBook();
    book.add(1, 'completed', NOON + 1);
    book.add(2, 'error', NOON - 1);
    book.add(3, 'completed', NOON - 1);
    book.add(4, 'completed', NOON - 30 * HOUR);
    const hours = book.hours(NOW);
    expect(hours).toHaveLength(24);
    expect(hours.at(-1)).toMatchObject({ from: NOON, total: 1 });
    expect(hours.at(-2)).toMatchObject({ from: NOON - HOUR, total: 2, counts: { error: 1, completed: 1 } });
    expect(totals(hours)).toEqual([
      ['completed', 2],
      ['error', 1],
    ]);
  });

  it('counts no run twice, and none that goes on', () => {
    const book = new EndBook();
    book.add(1, 'completed', NOON);
    book.add(1, 'completed', NOON - HOUR);
    book.add(2, 'running', NOON);
    expect(totals(book.hours(NOW))).toEqual([['completed', 1]]);
  });

  it('takes a clock that is ahead for now', () => {
    const book = new EndBook();
    book.add(1, 'warning', NOON + 2 * HOUR);
    expect(book.hours(NOW).at(-1)?.total).toBe(1);
  });
});
