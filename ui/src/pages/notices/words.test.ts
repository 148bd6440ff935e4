import { describe, expect, it } from 'vitest';
import { whyTold } from './words';

describe('whyTold', () => {
  it('says whose it is', () => {
    expect(whyTold({ kind: 'failed', team: 'orders', cause: 'orders' })).toBe('it is theirs');
    expect(whyTold({ kind: 'failed', team: 'orders' })).toBe('it is theirs');
    expect(whyTold({ kind: 'failed', team: 'billing', cause: 'orders' })).toBe('it is theirs; orders has caused it');
  });

  it('says for whom it waits', () => {
    expect(whyTold({ kind: 'blocked', team: 'billing', cause: 'orders' })).toBe('it waits in vain for orders');
    expect(whyTold({ kind: 'blocked', team: 'orders', cause: 'orders' })).toBe(
      'it waits in vain for something of their own',
    );
    expect(whyTold({ kind: 'held', team: 'orders', cause: 'orders' })).toBe('it is theirs');
    expect(whyTold({ kind: 'retrying', team: 'orders', cause: 'billing' })).toBe('it is theirs; billing has caused it');
    expect(whyTold({ kind: 'lost', team: 'orders', cause: 'orders' })).toBe('the task server is theirs');
  });
});
