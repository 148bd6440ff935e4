// What went wrong in a run: the tasks that failed by themselves, and how many others wait for them in vain.
import type { Task } from '../../api';
import { isInside } from './paths';

export interface Trouble {
  task: Task;
  /** So many tasks can never run because of it. */
  blocks: number;
  /** The flow goes on without it. */
  allowed: boolean;
}

const AROUND = 'INSIDE_FAILED';

/** First what failed first; what is allowed to fail comes last. A group whose tasks failed is not told again. */
export function troublesOf(tasks: Iterable<Task>, isAllowed: (path: string) => boolean): Trouble[] {
  const failed: Task[] = [];
  const blocked = new Map<string, number>();
  for (const task of tasks) {
    if (task.state === 'error') failed.push(task);
    if (task.blocked_by !== undefined) blocked.set(task.blocked_by, (blocked.get(task.blocked_by) ?? 0) + 1);
  }
  const paths = failed.map((task) => task.task);
  return failed
    .filter((task) => task.error?.code !== AROUND || !paths.some((path) => isInside(path, task.task)))
    .map((task) => ({ task, blocks: blockedBy(task.task, blocked), allowed: isAllowed(task.task) }))
    .sort((a, b) => Number(a.allowed) - Number(b.allowed) || compare(a.task.ended_at ?? '', b.task.ended_at ?? ''));
}

/** By it, or by a group around it. */
function blockedBy(path: string, blocked: Map<string, number>): number {
  let sum = 0;
  for (const [by, count] of blocked) if (by === path || isInside(path, by)) sum += count;
  return sum;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
