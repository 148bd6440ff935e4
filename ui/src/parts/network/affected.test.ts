import { describe, expect, it } from 'vitest';
import { affectedBy } from './affected';
import type { Need } from './needs';

const hard = (flow: string): Need => ({ flow, optional: false });
const within = (flow: string): Need => ({ flow, optional: false, within: '600000ms' });
const optional = (flow: string): Need => ({ flow, optional: true });

const needs = new Map<string, Need[]>([
  ['orders/clean', [hard('orders/extract')]],
  ['billing/invoices', [within('orders/clean')]],
  ['billing/credits', [hard('orders/returns')]],
  ['billing/close', [hard('billing/invoices'), optional('billing/credits')]],
  ['dash/board', [optional('billing/close')]],
  ['dash/mail', [hard('dash/board')]],
]);

const told = (stopped: string[]) => affectedBy(needs, stopped).map(({ flow, effect, via }) => [flow, effect, via]);

describe('affectedBy', () => {
  it('follows needs to their end', () => {
    expect(told(['orders/extract'])).toEqual([
      ['orders/clean', 'blocked', 'orders/extract'],
      ['billing/invoices', 'later', 'orders/clean'],
      ['billing/close', 'later', 'billing/invoices'],
      ['dash/board', 'without', 'billing/close'],
    ]);
  });

  it('ends where somebody goes on without', () => {
    expect(told(['orders/returns'])).toEqual([
      ['billing/credits', 'blocked', 'orders/returns'],
      ['billing/close', 'without', 'billing/credits'],
    ]);
  });

  it('takes the worst of several ways', () => {
    const both = new Map<string, Need[]>([
      ['b', [within('a')]],
      ['c', [hard('a')]],
      ['d', [hard('b'), hard('c')]],
      ['e', [optional('a'), hard('d')]],
    ]);
    expect(affectedBy(both, ['a']).map(({ flow, effect }) => [flow, effect])).toEqual([
      ['c', 'blocked'],
      ['d', 'blocked'],
      ['e', 'blocked'],
      ['b', 'later'],
    ]);
  });

  it('ends in circles, and leaves out what has stopped itself', () => {
    const circle = new Map<string, Need[]>([
      ['a', [hard('b')]],
      ['b', [hard('a')]],
    ]);
    expect(affectedBy(circle, ['a'])).toEqual([{ flow: 'b', effect: 'blocked', via: 'a', steps: 1 }]);
    expect(affectedBy(circle, ['a', 'b'])).toEqual([]);
  });
});
