// How many tasks are in which state.
import type { Task } from '../../api';
import { lookOf, type Tone } from '../../parts/states';

/** Good ones first, then what goes on, what went wrong, and what waits. */
const ORDER = ['completed', 'skipped', 'started', 'error', 'blocked', 'cancelled', 'queued', 'pending'];

export interface Segment {
  label: string;
  value: number;
  tone: Tone;
}

export function countsOf(tasks: readonly Task[]): Map<string, number> {
  const counts = new Map(ORDER.map((state) => [state, 0]));
  for (const task of tasks) counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
  for (const [state, count] of counts) if (count === 0) counts.delete(state);
  return counts;
}

export function segmentsOf(tasks: readonly Task[]): Segment[] {
  return [...countsOf(tasks)].map(([state, value]) => ({ label: state, value, tone: lookOf(state, 'task').tone }));
}
