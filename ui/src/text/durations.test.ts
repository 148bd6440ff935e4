import { expect, it } from 'vitest';
import { millisIn, shortDuration } from './durations';

it.each([
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1m', 60_000],
  ['1m5ms', 60_005],
  ['1d', 86_400_000],
  ['PT10M', 600_000],
  ['P1DT2H', 93_600_000],
  ['P1W', 604_800_000],
  ['PT1.5S', 1500],
  ['0s', 0],
])('reads %s', (text, millis) => expect(millisIn(text)).toBe(millis));

it.each(['', 'P', 'PT', '5', '1m1h', '-1s', '1 h', 'P1M', 'soon'])('refuses "%s"', (text) =>
  expect(millisIn(text)).toBeUndefined(),
);

it.each([
  ['600000ms', '10m'],
  ['5400000ms', '1h30m'],
  ['1500ms', '1s500ms'],
  ['0ms', '0s'],
  ['later', 'later'],
])('shortens %s to %s', (text, short) => expect(shortDuration(text)).toBe(short));
