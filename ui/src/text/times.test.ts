import { describe, expect, it } from 'vitest';
import { absolute, changesIn, clockTime, duration, durationSoFar, isoLocal, isoUtc, millisOf, relative } from './times';

const now = Date.parse('2025-06-15T12:00:00Z');
const ago = (millis: number): number => now - millis;

describe('duration', () => {
  it.each([
    [0, '0ms'],
    [850, '850ms'],
    [999.6, '999ms'],
    [1500, '1.5s'],
    [9999, '9.9s'],
    [59_999, '59s'],
    [65_000, '1m 05s'],
    [7_380_000, '2h 03m'],
    [273_600_000, '3d 04h'],
    [-5, '0ms'],
  ])('%d', (millis, words) => expect(duration(millis)).toBe(words));

  it('says nothing of what is unknown', () => {
    expect(duration(undefined)).toBe('');
    expect(duration(Number.NaN)).toBe('');
  });

  it('has whole seconds while it goes on', () => {
    expect(durationSoFar(1999)).toBe('1s');
    expect(durationSoFar(-1)).toBe('0s');
    expect(durationSoFar(65_000)).toBe('1m 05s');
  });
});

describe('relative', () => {
  it.each([
    [ago(1000), 'just now'],
    [ago(42_000), '42 s ago'],
    [ago(3 * 60_000 + 59_000), '3 min ago'],
    [ago(5 * 3_600_000), '5 h ago'],
    [ago(86_400_000), '1 day ago'],
    [ago(12 * 86_400_000), '12 days ago'],
    [ago(-7_200_000), 'in 2 h'],
    [ago(60 * 86_400_000), '16 Apr'],
    [ago(400 * 86_400_000), '11 May 2024'],
  ])('%d', (at, words) => expect(relative(at, now)).toBe(words));

  it('takes texts and dates, and says nothing of what is no time', () => {
    expect(relative('2025-06-15T11:57:00Z', now)).toBe('3 min ago');
    expect(relative(new Date(ago(180_000)), now)).toBe('3 min ago');
    expect(relative('never', now)).toBe('');
  });

  it('changes sooner the nearer it is', () => {
    expect(changesIn(ago(3000), now)).toBe(1000);
    expect(changesIn(ago(120_000), now)).toBe(10_000);
    expect(changesIn(ago(7_200_000), now)).toBe(60_000);
  });
});

describe('absolute', () => {
  it('has the zone, and means the same instant', () => {
    const text = isoLocal(now);
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/);
    expect(millisOf(text)).toBe(now);
    expect(isoUtc(now)).toBe('2025-06-15T12:00:00.000Z');
  });

  it('is empty for what is no time', () => {
    expect([isoLocal('x'), isoUtc('x'), absolute('x'), clockTime('x')]).toEqual(['', '', '', '']);
  });

  it('has a clock with milliseconds', () => {
    expect(clockTime('2025-06-15T12:00:00.007Z', true)).toMatch(/^\d\d:\d\d:00\.007$/);
    expect(absolute(now)).toMatch(/^2025-06-1\d \d\d:\d\d:00$/);
  });
});
