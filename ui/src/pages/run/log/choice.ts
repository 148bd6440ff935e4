// Whose log is shown.
import type { Task } from '../../../api';

/** What these do is no process, which could print something. */
const SILENT = new Set(['foreach', 'switch', 'log', 'fail', 'pause', 'flow']);

export function mayPrint(type: string | undefined): boolean {
  return !SILENT.has(type ?? '');
}

/** Whether there is, or may be, a log of it. */
export function hasLog(task: Task, type: string | undefined): boolean {
  return task.attempt > 0 && mayPrint(type);
}

/** The first that failed, else one that goes on, else the first. */
export function defaultTask(tasks: readonly Task[]): string | undefined {
  const failed = tasks.find((task) => task.state === 'error');
  const going = tasks.find((task) => task.state === 'started');
  return (failed ?? going ?? tasks[0])?.task;
}
