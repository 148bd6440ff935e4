import { describe, expect, it } from 'vitest';
import { calendarOf, everyFrom, timesOf, type CalendarTime } from './calendar';
import { clockIn, clockText, dayAfter, knownZone } from './zone';

const at = (text: string): number => Date.parse(text);
const done = (text: string): CalendarTime => ({ at: at(text), state: 'completed' });
const HOUR = 3_600_000;

describe('calendarOf', () => {
  it('has months by days, by the clocks of the zone', () => {
    const calendar = calendarOf([done('2026-09-30T22:00:00Z'), done('2026-10-01T22:00:00Z')], 'Europe/Berlin');
    expect(calendar.of).toEqual({ row: 'month', column: 'day' });
    expect(calendar.rows.map((row) => row.label)).toEqual(['2026-10']);
    expect(calendar.columns).toEqual(['1', '2']);
  });

  it('has days by hours, or by steps of hours', () => {
    const hours = everyFrom(at('2026-11-20T00:00:00Z'), at('2026-11-21T00:00:00Z'), HOUR);
    const calendar = calendarOf(
      hours.map((one) => ({ at: one, state: 'to come' })),
      'UTC',
    );
    expect([calendar.columns.length, calendar.rows[0]?.label]).toEqual([24, '2026-11-20 Fri']);
    const wide = calendarOf(
      everyFrom(0, 48 * HOUR, 6 * HOUR).map((one) => ({ at: one, state: 'to come' })),
      'UTC',
    );
    expect(wide.columns).toEqual(['00', '06', '12', '18']);
    expect(wide.rows.every((row) => row.cells.every((cell) => cell?.times.length === 1))).toBe(true);
  });

  it('has hours by minutes, minutes by seconds, years by months', () => {
    const by = (step: number): string => {
      const { of, columns } = calendarOf(
        everyFrom(0, 70 * step, step).map((one) => ({ at: one, state: 'to come' })),
        'UTC',
      );
      return `${of.row} ${of.column} ${columns.length}`;
    };
    expect([by(15 * 60_000), by(7 * 60_000), by(1000), by(31 * 24 * HOUR)]).toEqual([
      'hour minute 4',
      'hour minute 10',
      'minute second 60',
      'year month 12',
    ]);
  });

  it('puts an hour that comes twice into one cell, and shows the worse of them', () => {
    const times = everyFrom(at('2026-10-25T00:00:00Z'), at('2026-10-25T03:00:00Z'), HOUR).map(
      (one, place): CalendarTime => ({ at: one, state: place === 0 ? 'error' : 'completed' }),
    );
    const cells = calendarOf(times, 'Europe/Berlin').rows[0]?.cells ?? [];
    expect(cells[0]?.times).toHaveLength(2);
    expect(cells[0]?.worst.state).toBe('error');
  });

  it('is empty of nothing', () => {
    expect(calendarOf([], 'UTC').rows).toEqual([]);
  });
});

describe('timesOf', () => {
  const planned = [1, 2, 3, 4].map((day) => at(`2026-01-0${day}T00:00:00Z`));
  const run = (no: number, day: number, state: 'completed' | 'error') =>
    ({ run: no, state, scheduled_for: `2026-01-0${day}T00:00:00Z` }) as const;

  it('tells what is done, left out and to come', () => {
    const times = timesOf(planned, [run(7, 1, 'completed')], { reverse: false, dealtWith: 2 });
    expect(times.map((time) => time.state)).toEqual(['completed', 'left out', 'to come', 'to come']);
    const back = timesOf(planned, [], { reverse: true, dealtWith: 1 });
    expect(back.map((time) => time.state)).toEqual(['to come', 'to come', 'to come', 'left out']);
  });

  it('takes the newest run of a time, and keeps those of other times', () => {
    const times = timesOf(planned, [run(9, 1, 'completed'), run(7, 1, 'error'), run(8, 9, 'error')], {
      reverse: false,
      dealtWith: 4,
    });
    expect(times.map((time) => time.run)).toEqual([9, undefined, undefined, undefined, 8]);
  });

  it('shows runs alone where the times are not known', () => {
    expect(timesOf(undefined, [run(7, 1, 'error')], { reverse: false, dealtWith: 1 })).toHaveLength(1);
  });
});

describe('zones', () => {
  it('show their clocks', () => {
    expect(clockText(clockIn('America/New_York', at('2026-01-01T03:30:00Z')))).toBe('2025-12-31 22:30');
    expect(dayAfter(clockIn('UTC', at('2026-03-01T00:00:00Z')), -1)).toBe('2026-02-28');
    expect([knownZone('Europe/Paris'), knownZone('Nowhere/Else'), knownZone(undefined)]).toEqual([
      'Europe/Paris',
      'UTC',
      'UTC',
    ]);
  });
});
