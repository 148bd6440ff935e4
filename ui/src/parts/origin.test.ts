import { expect, it } from 'vitest';
import { originOf, originText } from './origin';

it('tells how a run began', () => {
  expect([originOf({}), originText({})]).toEqual(['by hand', 'by hand']);
  expect(originText({ trigger: 'nightly' }, 'schedule')).toBe('schedule nightly');
  expect(originText({ trigger: 'nightly' })).toBe('trigger nightly');
  expect(originText({ parent: { run: 3, task: 'child' } })).toBe('by run 3');
  expect(originOf({ trigger: 'nightly', backfill: 4 }, 'schedule')).toBe('backfill');
  expect(originText({ trigger: 'nightly', rerun_of: 4 })).toBe('rerun of 4');
});
