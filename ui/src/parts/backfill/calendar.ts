// The times of a backfill as a calendar: months by days, days by hours, or what else fits the time between them.
import type { Run, RunState } from '../../api/types';
import { clockIn, clockText, dayText, type Clock } from './zone';

/** `to come`: its run is not made yet; `left out`: it has none here, since it had one or none could be made. */
export type TimeState = RunState | 'to come' | 'left out' | 'would run';

export interface CalendarTime {
  /** In milliseconds since 1970. */
  at: number;
  state: TimeState;
  run?: number | undefined;
  duration?: number | undefined;
}

export interface Cell {
  /** In order; nearly always one. */
  times: [CalendarTime, ...CalendarTime[]];
  /** The state of the one that somebody should look at first. */
  worst: CalendarTime;
}

export interface Row {
  label: string;
  cells: (Cell | undefined)[];
}

export interface Calendar {
  /** What a row is: "month"; and a column: "day". */
  of: { row: string; column: string };
  columns: string[];
  rows: Row[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Unit {
  row: string;
  column: string;
  columns: string[];
  rowOf: (clock: Clock) => string;
  columnOf: (clock: Clock) => number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (value: number): string => String(value).padStart(2, '0');

/** The largest part of `whole` that divides it and is no longer than `gap`. */
function stepIn(whole: number, gap: number): number {
  let step = 1;
  for (let one = 1; one < whole; one += 1) if (whole % one === 0 && one <= gap) step = one;
  return step;
}

function steps(whole: number, step: number, unit: string): string[] {
  return Array.from({ length: whole / step }, (_, place) => `${two(place * step)}${unit}`);
}

function weekday(clock: Clock): string {
  return WEEKDAYS[new Date(Date.UTC(clock.year, clock.month - 1, clock.day)).getUTCDay()] ?? '';
}

function unitFor(gap: number): Unit {
  if (gap >= 27 * DAY) {
    return {
      row: 'year',
      column: 'month',
      columns: MONTHS,
      rowOf: (clock) => String(clock.year),
      columnOf: (clock) => clock.month - 1,
    };
  }
  if (gap >= 20 * HOUR) {
    return {
      row: 'month',
      column: 'day',
      columns: Array.from({ length: 31 }, (_, place) => String(place + 1)),
      rowOf: (clock) => `${clock.year}-${two(clock.month)}`,
      columnOf: (clock) => clock.day - 1,
    };
  }
  if (gap >= 50 * MINUTE) {
    const step = stepIn(24, Math.max(1, Math.floor(gap / HOUR)));
    return {
      row: 'day',
      column: 'hour',
      columns: steps(24, step, ''),
      rowOf: (clock) => `${dayText(clock)} ${weekday(clock)}`,
      columnOf: (clock) => Math.floor(clock.hour / step),
    };
  }
  if (gap >= MINUTE) {
    const step = stepIn(60, Math.floor(gap / MINUTE));
    return {
      row: 'hour',
      column: 'minute',
      columns: steps(60, step, ''),
      rowOf: (clock) => `${dayText(clock)} ${two(clock.hour)}h`,
      columnOf: (clock) => Math.floor(clock.minute / step),
    };
  }
  const step = stepIn(60, Math.max(1, Math.floor(gap / SECOND)));
  return {
    row: 'minute',
    column: 'second',
    columns: steps(60, step, ''),
    rowOf: (clock) => clockText({ ...clock, second: 0 }),
    columnOf: (clock) => Math.floor(clock.second / step),
  };
}

/** The usual time between two of them. */
function usualGap(times: CalendarTime[]): number {
  const gaps = times.slice(1).map((time, place) => time.at - (times[place]?.at ?? 0));
  gaps.sort((one, other) => one - other);
  return gaps[Math.floor(gaps.length / 2)] ?? DAY;
}

const RANK: TimeState[] = ['error', 'paused', 'running', 'pending', 'cancelled', 'warning'];

function worse(one: CalendarTime, other: CalendarTime): boolean {
  const rank = (state: TimeState): number => (RANK.indexOf(state) + RANK.length + 1) % (RANK.length + 1);
  return rank(other.state) < rank(one.state);
}

/** Without the columns at both sides that no row uses. */
function trimmed(calendar: Calendar): Calendar {
  const used = calendar.columns.map((_, column) => calendar.rows.some((row) => row.cells[column] !== undefined));
  const [from, to] = [used.indexOf(true), used.lastIndexOf(true) + 1];
  const rows = calendar.rows.map((row) => ({ ...row, cells: row.cells.slice(Math.max(0, from), to) }));
  return { ...calendar, columns: calendar.columns.slice(Math.max(0, from), to), rows };
}

/** `zone`: whose clocks count. */
export function calendarOf(given: CalendarTime[], zone: string): Calendar {
  const times = given.toSorted((one, other) => one.at - other.at);
  const unit = unitFor(usualGap(times));
  const rows = new Map<string, Row>();
  for (const time of times) {
    const clock = clockIn(zone, time.at);
    const label = unit.rowOf(clock);
    const row = rows.get(label) ?? { label, cells: Array.from<Cell | undefined>({ length: unit.columns.length }) };
    rows.set(label, row);
    const column = unit.columnOf(clock);
    const known = row.cells[column];
    if (!known) row.cells[column] = { times: [time], worst: time };
    else {
      known.times.push(time);
      if (worse(known.worst, time)) known.worst = time;
    }
  }
  return trimmed({ of: { row: unit.row, column: unit.column }, columns: unit.columns, rows: [...rows.values()] });
}

export interface Begun {
  reverse: boolean;
  /** Times that were dealt with, from the first, or of a reverse one from the last. */
  dealtWith: number;
}

type KnownRun = Pick<Run, 'run' | 'state' | 'scheduled_for' | 'duration_ms'>;

/** `planned`: all times, in order, as far as they are known; what is not known shows its runs alone. */
export function timesOf(planned: number[] | undefined, runs: KnownRun[], begun: Begun): CalendarTime[] {
  const byTime = new Map<number, CalendarTime>();
  for (const run of runs) {
    if (run.scheduled_for === undefined) continue;
    const at = Date.parse(run.scheduled_for);
    const known = byTime.get(at);
    // Of several runs for a time, as after a rerun, the newest counts.
    if (known && (known.run ?? 0) > run.run) continue;
    byTime.set(at, { at, state: run.state, run: run.run, duration: run.duration_ms });
  }
  if (!planned) return [...byTime.values()];
  const last = planned.length - 1;
  const isDealtWith = (place: number): boolean => (begun.reverse ? last - place : place) < begun.dealtWith;
  const times = planned.map((at, place): CalendarTime => {
    const known = byTime.get(at);
    byTime.delete(at);
    return known ?? { at, state: isDealtWith(place) ? 'left out' : 'to come' };
  });
  return [...times, ...byTime.values()];
}

/** Each `every` from `from` on, before `to`. */
export function everyFrom(from: number, to: number, every: number, most = 10_000): number[] {
  const times: number[] = [];
  for (let at = from; at < to && times.length < most; at += every) times.push(at);
  return times;
}
