import { describe, expect, it } from 'vitest';
import { inTurns, readAll } from './all';

const { signal } = new AbortController();

/** Pages of two, of the numbers below `count`. */
function pagesOf(count: number) {
  return async (cursor: string | undefined) => {
    const from = Number(cursor ?? 0);
    const items = [from, from + 1].filter((one) => one < count);
    return { items, next: from + 2 < count ? String(from + 2) : undefined };
  };
}

describe('readAll', () => {
  it('reads to the end', async () => {
    expect(await readAll(pagesOf(5), signal, { most: 10 })).toEqual({ items: [0, 1, 2, 3, 4], cut: false });
  });

  it('says that there was more', async () => {
    expect(await readAll(pagesOf(5), signal, { most: 2 })).toEqual({ items: [0, 1, 2, 3], cut: true });
    expect(await readAll(pagesOf(4), signal, { most: 2 })).toEqual({ items: [0, 1, 2, 3], cut: false });
  });

  it('ends where nothing more is wanted', async () => {
    const until = (last: number) => last >= 3;
    expect(await readAll(pagesOf(9), signal, { most: 10, until })).toEqual({ items: [0, 1, 2, 3], cut: false });
  });
});

describe('inTurns', () => {
  it('does all, so many at a time', async () => {
    const done: number[] = [];
    let now = 0;
    let most = 0;
    await inTurns([1, 2, 3, 4, 5], 2, async (one) => {
      most = Math.max(most, (now += 1));
      await Promise.resolve();
      now -= 1;
      done.push(one);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('stops', async () => {
    const done: number[] = [];
    await inTurns(
      [1, 2, 3],
      1,
      async (one) => void done.push(one),
      () => done.length === 2,
    );
    expect(done).toEqual([1, 2]);
  });
});
