// What needs somebody, out of what the lists of the API say.
import type { Notice, Run, Trigger } from '../../api';
import { fullName, splitName } from '../../text/names';

export const DAY = 86_400_000;
/** So long a run may wait for its beginning before it is late. */
export const LATE_AFTER = 120_000;

export interface FailedFlow {
  flow: string;
  namespace: string;
  id: string;
  /** How many of its runs failed. */
  count: number;
  run: number;
  at: string;
  /** The team whose it is, and what went wrong: of the newest run, where a notice says so. */
  cause?: string;
  task?: string;
  why?: string;
}

/** Runs that failed since then, by flow, the newest first. */
export function failedFlows(runs: readonly Run[], notices: readonly Notice[], since: number): FailedFlow[] {
  const told = noticeOfRun(notices);
  const flows = new Map<string, FailedFlow>();
  for (const run of runs) {
    const at = run.ended_at ?? run.started_at ?? run.created_at;
    if (!at || Date.parse(at) < since) continue;
    const flow = fullName(run.namespace, run.flow);
    const known = flows.get(flow);
    if (known) {
      known.count += 1;
      if (known.run > run.run) continue;
    }
    const count = known?.count ?? 1;
    flows.set(flow, { flow, namespace: run.namespace, id: run.flow, count, run: run.run, at, ...told.get(run.run) });
  }
  return [...flows.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

/** Of each run, what its own failure was, rather than what it waited for in vain. */
function noticeOfRun(notices: readonly Notice[]): Map<number, Pick<FailedFlow, 'cause' | 'task' | 'why'>> {
  const found = new Map<number, { kind: string; told: Pick<FailedFlow, 'cause' | 'task' | 'why'> }>();
  for (const { run, kind, cause, team, task, description } of notices) {
    // What is of a moment is no word on how the run has ended.
    if (kind !== 'failed' && kind !== 'blocked') continue;
    if (run === undefined || found.get(run)?.kind === 'failed') continue;
    found.set(run, { kind, told: { cause: cause ?? team, why: description, ...(task && { task }) } });
  }
  return new Map([...found].map(([run, { told }]) => [run, told]));
}

/** Runs that wait for their beginning too long, the longest first. */
export function lateRuns(unfinished: readonly Run[], now: number): Run[] {
  const asked = (run: Run): number => Date.parse(run.created_at ?? '');
  return unfinished
    .filter((run) => run.state === 'pending' && now - asked(run) > LATE_AFTER)
    .sort((a, b) => asked(a) - asked(b));
}

export interface Missed {
  flow: string;
  trigger: string;
  at: string;
  what: 'skipped' | 'error';
}

/** Schedules whose last time had no run. */
export function missedTicks(triggers: readonly Trigger[]): Missed[] {
  const found: Missed[] = [];
  for (const { flow, trigger, last, last_at, disabled } of triggers) {
    if (disabled || !last_at || (last !== 'skipped' && last !== 'error')) continue;
    found.push({ flow, trigger, at: last_at, what: last });
  }
  return found.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

export interface Fire {
  flow: string;
  trigger: string;
  cron: string;
  at: string;
}

/** The times that come next, soonest first; of each schedule its next one. */
export function nextFires(triggers: readonly Trigger[], most: number): Fire[] {
  return triggers
    .flatMap(({ flow, trigger, cron, next, disabled }) =>
      next && !disabled ? [{ flow, trigger, cron: cron ?? '', at: next }] : [],
    )
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(0, most);
}

export interface DeadLetters {
  flow: string;
  namespace: string;
  trigger: string;
  dead: number;
}

/** Triggers with dead letters, those with most of them first. */
export function deadLetters(triggers: readonly Trigger[]): DeadLetters[] {
  return triggers
    .filter((trigger) => (trigger.dead ?? 0) > 0)
    .map(({ flow, trigger, dead = 0 }) => ({ flow, namespace: splitName(flow).namespace, trigger, dead }))
    .sort((a, b) => b.dead - a.dead);
}
