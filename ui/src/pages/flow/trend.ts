// How the last runs of a flow ended, and how long they took.
import type { Run } from '../../api';

export interface Trend {
  /** Runs that have ended, the oldest first. */
  ended: Run[];
  /** Of those, how many ended well. */
  well: number;
  /** In milliseconds, of those that ended well. */
  median: number | undefined;
  longest: number | undefined;
}

const WELL = new Set(['completed', 'warning']);

/** `runs`: the newest first. */
export function trendOf(runs: Run[]): Trend {
  const ended = runs.filter((run) => run.duration_ms !== undefined && run.ended_at !== undefined).reverse();
  const well = ended.filter((run) => WELL.has(run.state));
  const durations = well.map((run) => run.duration_ms ?? 0).sort((one, other) => one - other);
  return { ended, well: well.length, median: durations[Math.floor(durations.length / 2)], longest: durations.at(-1) };
}

export const KINDS = [
  { label: 'ended well', tone: 'good', states: ['completed'] },
  { label: 'with warnings', tone: 'warn', states: ['warning'] },
  { label: 'failed', tone: 'bad', states: ['error'] },
  { label: 'cancelled', tone: 'off', states: ['cancelled'] },
] as const;

/** Columns for the chart: places from 0, then for each kind its durations in seconds, null elsewhere. */
export function columnsOf(ended: Run[]): [number[], ...(number | null)[][]] {
  const places = ended.map((_, place) => place);
  const of = (states: readonly string[]): (number | null)[] =>
    ended.map((run) => (states.includes(run.state) ? (run.duration_ms ?? 0) / 1000 : null));
  return [places, ...KINDS.map((kind) => of(kind.states))];
}
