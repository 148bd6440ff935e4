/** Runs a task without any server. */
import { Context } from './context.ts';
import { BadInput, type ErrorData } from './errors.ts';
import type { Level } from './protocol/actions.ts';
import { call } from './runner.ts';
import type { AnyTask, Task } from './task.ts';

export interface RunOptions {
  /** Outputs by task. */
  upstream?: Readonly<Record<string, unknown>>;
  /** Its number. */
  attempt?: number;
  trigger?: Readonly<Record<string, unknown>>;
  /** It is told to end from its beginning. */
  cancelled?: boolean;
}

export interface TaskResult<R> {
  /** `rejected`: its inputs are wrong, and `message` says what. */
  readonly state: 'completed' | 'error' | 'cancelled' | 'rejected';
  /** As those after the task get it, through JSON. */
  readonly output: R | undefined;
  readonly error: ErrorData | undefined;
  readonly message: string;
  readonly logs: readonly (readonly [level: Level, line: string])[];
  readonly progress: readonly Readonly<Record<string, unknown>>[];
}

/** As a server would: inputs are looked at and get their defaults, and so is the result. */
export async function runTask<I, R>(
  task: Task<I, R>,
  inputs: Record<string, unknown> = {},
  { upstream = {}, attempt = 1, trigger = {}, cancelled = false }: RunOptions = {},
): Promise<TaskResult<R>> {
  const logs: [Level, string][] = [];
  const progress: Record<string, unknown>[] = [];
  const context = new Context(
    {
      attempt: `test/${task.id}/${attempt}`,
      run: 'test',
      task: task.id,
      fence: {},
      revision: 0,
      idempotency_key: `test/${task.id}`,
      inputs,
      upstream: Object.entries(upstream).map(([name, output]) => ({ task: name, run: 'test', output })),
      trigger: { kind: 'manual', ...trigger },
      deadlines: {},
    },
    {
      progress: (_attempt, data) => progress.push(data),
      log: (_attempt, level, _offset, lines) => logs.push(...lines.map((line): [Level, string] => [level, line])),
      extend: () => undefined,
    },
  );
  if (cancelled) context._cancel('user');
  const said = { output: undefined, error: undefined, message: '', logs, progress };
  let bound: I;
  try {
    bound = task.bind(inputs);
  } catch (error) {
    if (error instanceof BadInput) return { ...said, state: 'rejected', message: error.message };
    throw error;
  }
  const ending = await call(task as unknown as AnyTask, context, bound);
  if (ending.state === 'error') return { ...said, state: 'error', error: ending.error, message: ending.error.message };
  if (ending.state === 'cancelled') return { ...said, state: 'cancelled' };
  const output = ending.output === undefined ? undefined : (JSON.parse(ending.output) as R);
  return { ...said, state: 'completed', output };
}
