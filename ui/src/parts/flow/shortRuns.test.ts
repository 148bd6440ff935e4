import { expect, it } from 'vitest';
import { withChange, type ShortRun } from './shortRuns';

const runs: ShortRun[] = [
  { run: 7, state: 'running' },
  { run: 5, state: 'completed' },
];

it('changes the state of a run that is known', () => {
  expect(withChange(runs, { run: 7, state: 'error' })[0]).toEqual({ run: 7, state: 'error' });
});

it('puts a new run in front, and forgets the oldest of many', () => {
  expect(withChange(runs, { run: 8, state: 'pending' }).map((one) => one.run)).toEqual([8, 7, 5]);
  const many = Array.from({ length: 20 }, (_, place) => ({ run: 20 - place, state: 'completed' as const }));
  expect(withChange(many, { run: 21, state: 'running' })).toHaveLength(20);
});

it('leaves out a run that is older than what is shown', () => {
  expect(withChange(runs, { run: 3, state: 'completed' })).toBe(runs);
});
