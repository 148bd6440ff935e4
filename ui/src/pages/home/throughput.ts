// How many runs ended in each hour.
import type { Run, RunState } from '../../api';
import { isFinal } from '../../parts/states';

export const HOUR = 3_600_000;
const OUTCOMES = ['completed', 'warning', 'error', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Hour {
  /** Its beginning, in milliseconds since 1970. */
  from: number;
  counts: Record<Outcome, number>;
  total: number;
}

/** Ends of runs, each once, also where one is told twice. */
export class EndBook {
  readonly #ends = new Map<number, { at: number; state: Outcome }>();

  add(run: number, state: RunState, at: number): void {
    if (!isFinal(state) || Number.isNaN(at) || this.#ends.has(run)) return;
    this.#ends.set(run, { at, state: state as Outcome });
  }

  addAll(runs: readonly Run[]): void {
    for (const run of runs) if (run.ended_at) this.add(run.run, run.state, Date.parse(run.ended_at));
  }

  /** By hours of the clock; the last is the one that goes on. */
  hours(now: number, count = 24): Hour[] {
    const last = Math.floor(now / HOUR) * HOUR;
    const first = last - (count - 1) * HOUR;
    const hours = Array.from({ length: count }, (_, index) => emptyHour(first + index * HOUR));
    for (const [run, { at, state }] of this.#ends) {
      if (at < first) {
        this.#ends.delete(run);
        continue;
      }
      // A clock of the server that is a little ahead counts as now.
      const hour = hours[Math.min(count - 1, Math.floor((at - first) / HOUR))];
      if (!hour) continue;
      hour.counts[state] += 1;
      hour.total += 1;
    }
    return hours;
  }
}

function emptyHour(from: number): Hour {
  return { from, counts: { completed: 0, warning: 0, error: 0, cancelled: 0 }, total: 0 };
}

/** Of all hours together, those of which there are some. */
export function totals(hours: readonly Hour[]): [Outcome, number][] {
  return OUTCOMES.map((outcome): [Outcome, number] => [
    outcome,
    hours.reduce((sum, hour) => sum + hour.counts[outcome], 0),
  ]).filter(([, sum]) => sum > 0);
}

export { OUTCOMES };
