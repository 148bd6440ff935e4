// What a flow's canonical form says of a task, in words.
import type { Canonical, CanonicalTask } from '../../graph';
import type { InputSpec } from '../../parts/inputs/spec';
import { listed } from '../../text';
import { shortDuration } from '../../text/durations';

export interface TriggerForm {
  id: string;
  type: string;
  disabled?: boolean;
  inputs?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface FlowForm extends Canonical {
  description?: string;
  owner?: string;
  labels?: Record<string, string>;
  inputs?: InputSpec[];
  triggers?: TriggerForm[];
  [key: string]: unknown;
}

export type TaskForm = CanonicalTask;

function insideOf(task: TaskForm): TaskForm[] {
  return [...(task.tasks ?? []), ...(task.default ?? []), ...Object.values(task.cases ?? {}).flat()];
}

/** The task with a path as the graph has it: "each/split". */
export function findTask(form: FlowForm, path: string): TaskForm | undefined {
  let here: TaskForm[] = [...(form.tasks ?? []), ...(form.errors ?? []), ...(form.finally ?? [])];
  let found: TaskForm | undefined;
  for (const id of path.split('/')) {
    found = here.find((task) => task.id === id);
    if (!found) return undefined;
    here = insideOf(found);
  }
  return found;
}

/** All tasks with their paths, in order. */
export function tasksOf(form: FlowForm): { path: string; task: TaskForm }[] {
  const all = (tasks: TaskForm[], prefix: string): { path: string; task: TaskForm }[] =>
    tasks.flatMap((task) => {
      const path = prefix + task.id;
      return [{ path, task }, ...all(insideOf(task), `${path}/`)];
    });
  return all([...(form.tasks ?? []), ...(form.errors ?? []), ...(form.finally ?? [])], '');
}

export interface Need {
  /** As the graph has it: a path, or "flow:ns/id". */
  id: string;
  /** Of another flow, its full name. */
  flow?: string;
  within?: string;
}

export function needsOf(task: TaskForm): Need[] {
  return (task.needs ?? []).map((need) => {
    if (typeof need === 'string') return { id: need };
    const flow = need.flow.replace(/^\//, '');
    return { id: `flow:${flow}`, flow, ...(need.within ? { within: shortDuration(need.within) } : {}) };
  });
}

/** Paths of the tasks that need this one. */
export function neededBy(form: FlowForm, path: string): string[] {
  return tasksOf(form)
    .filter(({ task }) => needsOf(task).some((need) => need.id === path))
    .map((one) => one.path);
}

interface Retry {
  attempts?: number;
  delay?: string;
  backoff?: string;
  max_delay?: string;
  jitter?: boolean;
  on?: (string | number)[];
}

const GROWS: Record<string, string> = { exponential: 'doubled each time', random: 'by chance up to the doubled one' };

export function retryWords(task: TaskForm): string | undefined {
  const retry = task.retry as Retry | undefined;
  if (!retry || (retry.attempts ?? 1) <= 1) return undefined;
  const words = [`up to ${retry.attempts} attempts`];
  if (retry.delay) words.push(`${shortDuration(retry.delay)} between them`);
  if (retry.backoff && GROWS[retry.backoff]) words.push(GROWS[retry.backoff] ?? '');
  if (retry.max_delay) words.push(`at most ${shortDuration(retry.max_delay)}`);
  if (retry.jitter) words.push('with jitter');
  if (retry.on && retry.on.length > 0) words.push(`only after ${listed(retry.on.map(String))}`);
  return words.join(', ');
}

const PHASES = [
  ['acknowledge', 'taken'],
  ['start', 'started'],
  ['complete', 'ended'],
] as const;

export function timeoutWords(task: TaskForm): string | undefined {
  const timeouts = (task.timeouts ?? {}) as Record<string, string>;
  const words = PHASES.flatMap(([key, word]) => {
    const within = timeouts[key];
    return within ? [`${word} within ${shortDuration(within)}`] : [];
  });
  if (typeof task.timeout === 'string') words.push(`with its retries ${shortDuration(task.timeout)}`);
  return words.length > 0 ? words.join(', ') : undefined;
}

export function resourceWords(task: TaskForm): string | undefined {
  const resources = (task.resources ?? {}) as Record<string, string | number>;
  const words = Object.entries(resources).map(([key, value]) =>
    key === 'cpu' ? `${value} cores` : `${shortDuration(String(value))} of ${key}`,
  );
  return words.length > 0 ? words.join(', ') : undefined;
}

export function cacheWords(task: TaskForm): string | undefined {
  const cache = task.cache as { key?: string; for?: string } | undefined;
  if (!cache?.key) return undefined;
  return cache.for ? `${cache.key}, for ${shortDuration(cache.for)}` : cache.key;
}

/** What is told elsewhere, or stands in the graph. */
const TOLD = new Set(
  ['id', 'type', 'description', 'owner', 'needs', 'retry', 'timeouts', 'timeout', 'resources']
    .concat(['cache', 'pool', 'priority', 'run_if', 'trigger_rule', 'allow_failure', 'disabled', 'tasks', 'cases'])
    .concat(['default']),
);

/** The keys of its own type: what it does. */
export function workOf(task: TaskForm): Record<string, unknown> {
  return Object.fromEntries(Object.entries(task).filter(([key]) => !TOLD.has(key)));
}

export function insideCount(task: TaskForm): number {
  return insideOf(task).reduce((sum, one) => sum + 1 + insideCount(one), 0);
}
