import { expect, it } from 'vitest';
import type { Task } from '../../api';
import { innerRun } from './inner';
import { isInside, outerPath, pathInFlow, tasksByPath } from './paths';
import { troublesOf } from './trouble';

const task = (path: string, state: string, more: Partial<Task> = {}): Task => ({
  task: path,
  state,
  attempt: 1,
  warnings: 0,
  ...more,
});
const error = (code: string) => ({ code, message: '', phase: 'run', owner: '', retryable: false });

it('tells what failed by itself, the first first, and what it blocks', () => {
  const troubles = troublesOf(
    [
      task('late', 'error', { ended_at: '2', error: error('X') }),
      task('each', 'error', { ended_at: '3', error: error('INSIDE_FAILED') }),
      task('each[1]/load', 'error', { ended_at: '1', error: error('X') }),
      task('after', 'blocked', { blocked_by: 'each' }),
      task('more', 'blocked', { blocked_by: 'each' }),
      task('may', 'error', { ended_at: '0', error: error('X') }),
    ],
    (path) => path === 'may',
  );
  expect(troubles.map((one) => [one.task.task, one.blocks, one.allowed])).toEqual([
    ['each[1]/load', 2, false],
    ['late', 0, false],
    ['may', 0, true],
  ]);
});

it('keeps a group that failed without any of its tasks', () => {
  expect(troublesOf([task('each', 'error', { error: error('INSIDE_FAILED') })], () => false)).toHaveLength(1);
});

it('knows paths', () => {
  expect(pathInFlow('a[3]/b[10]/c')).toBe('a/b/c');
  expect(['a/b[3]/c', 'a/b[3]', 'a/b', 'a'].map(outerPath)).toEqual(['a/b[3]', 'a/b', 'a', '']);
  expect([isInside('each[1]/x', 'each'), isInside('each', 'each'), isInside('eacher/x', 'each')]).toEqual([
    true,
    false,
    false,
  ]);
  const flow = {
    tasks: [{ id: 'a', type: 'switch', cases: { x: [{ id: 'b', type: 'log' }] }, default: [{ id: 'c', type: 'log' }] }],
    finally: [{ id: 'z', type: 'log' }],
  };
  expect([...tasksByPath(flow).keys()].sort()).toEqual(['a', 'a/b', 'a/c', 'z']);
});

it('knows the run that a task began', () => {
  expect(innerRun(task('a', 'completed', { outputs: { run: { number: 7 } } }))).toBe(7);
  const failed = { ...error('RUN_FAILED'), message: 'run 273 of flow acme/x ended: error' };
  expect(innerRun(task('a', 'error', { error: failed }))).toBe(273);
  expect(innerRun(task('a', 'error', { error: error('EXIT_NONZERO') }))).toBeUndefined();
});
