// Runs as the strip of a flow shows them.
import type { Run, RunState } from '../../api/types';

export const SHOWN = 20;

export interface ShortRun {
  run: number;
  state: RunState;
  /** When it began, or was asked for. */
  at?: string | undefined;
  duration?: number | undefined;
}

export function shortOf(run: Run): ShortRun {
  return { run: run.run, state: run.state, at: run.started_at ?? run.created_at, duration: run.duration_ms };
}

/** A change as it is told live: the state of a run that is known, or a new one. */
export function withChange(runs: ShortRun[], change: { run: number; state: RunState }): ShortRun[] {
  const known = runs.findIndex((one) => one.run === change.run);
  if (known >= 0) return runs.with(known, { ...(runs[known] as ShortRun), state: change.state });
  const newest = runs[0];
  if (newest && newest.run > change.run) return runs;
  return [{ run: change.run, state: change.state }, ...runs].slice(0, SHOWN);
}
