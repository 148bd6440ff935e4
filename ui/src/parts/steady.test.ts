import { describe, expect, it } from 'vitest';
import { steadyRows } from './steady';

const key = (row: { id: number }): number => row.id;
const rows = (...ids: number[]) => ids.map((id) => ({ id }));

describe('steadyRows', () => {
  it('holds back what is new above, and takes what is new below', () => {
    const { rows: shown, held } = steadyRows(rows(3, 2, 1), rows(5, 4, 3, 2, 1, 0), key);
    expect(shown.map(key)).toEqual([3, 2, 1, 0]);
    expect(held).toBe(2);
  });

  it('keeps the place of what is gone, and the newest data of what is there', () => {
    const seen = [
      { id: 2, state: 'running' },
      { id: 1, state: 'running' },
    ];
    const { rows: shown } = steadyRows(seen, [{ id: 2, state: 'error' }], (row) => row.id);
    expect(shown).toEqual([
      { id: 2, state: 'error' },
      { id: 1, state: 'running' },
    ]);
  });

  it('keeps the order that was seen', () => {
    expect(steadyRows(rows(1, 2), rows(2, 1), key).rows.map(key)).toEqual([1, 2]);
  });

  it('takes another list as it is', () => {
    expect(steadyRows(rows(1, 2), rows(8, 9), key)).toEqual({ rows: rows(8, 9), held: 0 });
    expect(steadyRows(rows(), rows(8), key)).toEqual({ rows: rows(8), held: 0 });
  });
});
