// A run's tasks and attempts, kept up by the entries of its history.
import type { Attempt, Task, Update } from '../../api';
import { isFinal } from '../../parts/states';

/** A task of which nothing has happened: the server does not list it. */
export function pendingTask(path: string): Task {
  return { task: path, state: 'pending', attempt: 0, warnings: 0 };
}

/** The task after an entry. What entries do not tell (outputs, warnings) stays as it was. */
export function taskAfter(before: Task | undefined, update: Update & { task: string }): Task {
  const { first_at, ended_at, retry_at, error, ...task } = { ...(before ?? pendingTask(update.task)) };
  const state = update.state ?? task.state;
  const attempt = Math.max(task.attempt, update.attempt ?? 0);
  const begun = first_at ?? (attempt > 0 ? update.at : undefined);
  const ended = isFinal(state) ? (ended_at ?? update.at) : undefined;
  const waits = update.state === undefined && update.attempt_state === undefined;
  const wrong = update.error ?? (state === 'completed' ? undefined : error);
  return {
    ...task,
    state,
    attempt,
    ...(begun !== undefined && { first_at: begun }),
    ...(ended !== undefined && { ended_at: ended }),
    ...(waits && retry_at !== undefined && { retry_at }),
    ...(wrong !== undefined && { error: wrong }),
  };
}

/** Something happened to the task that the entry does not tell all of. */
export function wantsLook(update: Update): boolean {
  const { state, detail, attempt_state } = update;
  if (detail?.startsWith('held:')) return true;
  return state === 'blocked' || state === 'completed' || (state === 'pending' && attempt_state === 'failed');
}

export function attemptKey(one: { task: string; attempt: number }): string {
  return `${one.attempt} ${one.task}`;
}

const TIMES = {
  created: 'created_at',
  dispatched: 'dispatched_at',
  acknowledged: 'acknowledged_at',
  started: 'started_at',
  completed: 'ended_at',
  failed: 'ended_at',
  cancelled: 'ended_at',
} as const;

/** The attempt after an entry; undefined: the entry is of none. */
export function attemptAfter(before: Attempt | undefined, update: Update): Attempt | undefined {
  const { task, attempt, attempt_state: state } = update;
  if (task === undefined || attempt === undefined || attempt === 0 || state === undefined) return undefined;
  const next: Attempt = { created_at: update.at, ...before, task, attempt, state };
  const time = TIMES[state as keyof typeof TIMES] as (typeof TIMES)[keyof typeof TIMES] | undefined;
  if (time !== undefined && (before?.[time] === undefined || before.state !== state)) next[time] = update.at;
  if (update.error !== undefined) next.error = update.error;
  return next;
}
