import { expect, it } from 'vitest';
import { askedOf, commandOf, filterOf, isNarrowed, pathOf } from './filter';

const filter = (query: string) => filterOf(new URLSearchParams(query));

it('reads the address', () => {
  expect(askedOf(filter('namespace=_&flow=daily&state=error&unfinished=1&backfill=4'))).toEqual({
    namespace: '',
    flow: 'daily',
    state: 'error',
    unfinished: true,
    backfill: '4',
  });
  expect(askedOf(filter('tab=x'))).toEqual({});
  expect(filter('before=x').before).toBe('');
});

it('is told as a command and as a call', () => {
  const { flow, state, ...rest } = filter('flow=daily&state=error&before=9');
  expect(commandOf({ flow, state, ...rest })).toBe('dyna runs --flow daily --run-state error --before 9');
  expect(pathOf({ flow, state, ...rest })).toBe('/api/v1/runs?flow=daily&state=error&before=9');
  expect(commandOf(filter(''))).toBe('dyna runs');
});

it('knows whether it narrows anything', () => {
  expect([isNarrowed(filter('')), isNarrowed(filter('unfinished=1')), isNarrowed(filter('namespace=_'))]).toEqual([
    false,
    true,
    true,
  ]);
});
