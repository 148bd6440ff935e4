import type { Task } from '../../api';

/** The run that a task of the type flow began: by its outputs, else by the words of its error. */
export function innerRun(task: Task): number | undefined {
  const run = task.outputs?.run as { number?: unknown } | undefined;
  if (typeof run?.number === 'number') return run.number;
  const named = task.error?.code === 'RUN_FAILED' ? /^run (\d+) of flow /.exec(task.error.message) : null;
  return named ? Number(named[1]) : undefined;
}
