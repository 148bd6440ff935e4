import { expect, it } from 'vitest';
import { triggerFacts } from './triggerFacts';

it('tells a schedule with what holds without being said', () => {
  expect(triggerFacts({ id: 'n', type: 'schedule', cron: '0 2 * * *' })).toEqual([
    ['Due', '0 2 * * *'],
    ['By the clocks of', 'UTC'],
    ['What was missed', 'the latest time has its run'],
  ]);
  expect(
    triggerFacts({ id: 'n', type: 'schedule', cron: '@daily', catch_up: 'all', window: '604800000ms' })[2],
  ).toEqual(['What was missed', 'all times have their runs, if it is no older than 7d']);
});

it('tells what is said of others', () => {
  const facts = triggerFacts({
    id: 'f',
    type: 'flow',
    flows: ['a/b', 'a/c'],
    within: '21600000ms',
    batch: { within: '5000ms' },
  });
  expect(facts).toEqual([
    ['After runs of', 'a/b and a/c'],
    ['From the first to the last', '6h'],
    ['In batches', 'one run for up to 1000 events, 5s after the first at the latest'],
  ]);
});
