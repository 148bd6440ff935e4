import { describe, expect, it } from 'vitest';
import { barShare, merged, pageAt, placeOfRun, rowOf, thinned, type Page, type Row } from './rows';

const row = (run: number, state: Row['state'] = 'completed'): Row =>
  rowOf({
    run,
    id: '',
    flow: 'f',
    namespace: '',
    state,
    warnings: 0,
    cancel_requested: false,
    inputs: {},
  });

describe('merged', () => {
  const still = { complete: false, mayMove: false };
  const moving = { complete: true, mayMove: true };

  it('tells new runs apart, and keeps the others in their places', () => {
    const { rows, fresh, gap } = merged([row(3, 'running'), row(2)], [row(5), row(4), row(3, 'error'), row(2)], still);
    expect(rows.map((one) => [one.run, one.state])).toEqual([
      [3, 'error'],
      [2, 'completed'],
    ]);
    expect([fresh.map((one) => one.run), gap]).toEqual([[5, 4], false]);
  });

  it('lets go what is not in the answer any more, where rows may move', () => {
    expect(merged([row(3, 'running')], [], { complete: true, mayMove: false }).rows).toHaveLength(1);
    expect(merged([row(3, 'running')], [], moving).rows).toHaveLength(0);
    expect(merged([row(9), row(3)], [row(9), row(8)], { complete: false, mayMove: true }).rows).toHaveLength(2);
  });

  it('knows that there may be more between', () => {
    expect(merged([row(3)], [row(9), row(8)], still).gap).toBe(true);
    expect(merged([], [row(9), row(8)], still).gap).toBe(false);
  });
});

describe('pages', () => {
  const pages: Page[] = [
    { before: undefined, count: 2, rows: [row(9), row(8)] },
    { before: 8, count: 3, rows: [row(7), row(6), row(5)] },
    { before: 5, count: 1, rows: [row(4)] },
  ];

  it('finds the page of a row', () => {
    expect([pageAt(pages, 1), pageAt(pages, 2), pageAt(pages, 5), pageAt(pages, 6)]).toEqual([
      { page: 0, place: 1 },
      { page: 1, place: 0 },
      { page: 2, place: 0 },
      undefined,
    ]);
  });

  it('forgets what is far away', () => {
    expect(thinned(pages, 0, 2).map((page) => page.rows !== undefined)).toEqual([true, true, false]);
    expect(thinned(pages, 5, 2).map((page) => page.rows !== undefined)).toEqual([false, true, true]);
  });
});

it('keeps of an error what the row shows', () => {
  const error = { code: 'X', message: 'm'.repeat(999), phase: 'run', retryable: false, owner: 'me' };
  expect(rowOf({ ...row(1), id: '', inputs: {}, cancel_requested: false, error } as never)).toMatchObject({
    code: 'X',
    owner: 'me',
    message: 'm'.repeat(300),
  });
});

it('finds a run among many', () => {
  const rows = Array.from({ length: 999 }, (_, place) => row(2000 - 2 * place));
  expect([placeOfRun(rows, 2000), placeOfRun(rows, 1000), placeOfRun(rows, 1001), placeOfRun([], 1)]).toEqual([
    0, 500, -1, -1,
  ]);
});

it('has longer bars for what took longer', () => {
  const shares = [0, 1000, 60_000, 3_600_000, 10 ** 12].map(barShare);
  expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  expect([shares[0], shares.at(-1)]).toEqual([0.02, 1]);
});
