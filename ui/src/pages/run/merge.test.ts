import { describe, expect, it } from 'vitest';
import type { Task, Update } from '../../api';
import { attemptAfter, taskAfter, wantsLook } from './merge';

const update = (more: Partial<Update>): Update & { task: string } => ({
  at: '2026-01-01T00:00:05.000Z',
  run: 1,
  seq: 5,
  task: 'load',
  ...more,
});
const error = { code: 'EXIT_NONZERO', message: 'exit code 3', phase: 'run', owner: 'me', retryable: true };

describe('taskAfter', () => {
  it('makes a task that the server did not list', () => {
    const task = taskAfter(undefined, update({ attempt: 1, attempt_state: 'dispatched' }));
    expect(task).toEqual({ task: 'load', state: 'pending', attempt: 1, warnings: 0, first_at: update({}).at });
  });

  it('ends it, once', () => {
    const ended = taskAfter(undefined, update({ attempt: 1, state: 'completed', attempt_state: 'completed' }));
    expect(ended.ended_at).toBe('2026-01-01T00:00:05.000Z');
    expect(taskAfter(ended, update({ at: '2026-01-01T00:00:09.000Z', state: 'completed' })).ended_at).toBe(
      ended.ended_at,
    );
  });

  it('keeps the error over a retry, and forgets it when that ends well', () => {
    const failed = taskAfter(undefined, update({ attempt: 1, state: 'pending', attempt_state: 'failed', error }));
    const again = taskAfter(failed, update({ attempt: 2, state: 'started', attempt_state: 'started' }));
    expect(again).toMatchObject({ state: 'started', attempt: 2, error });
    expect(taskAfter(again, update({ attempt: 2, state: 'completed' })).error).toBeUndefined();
  });

  it('keeps what an entry does not tell', () => {
    const before: Task = { task: 'load', state: 'started', attempt: 1, warnings: 2, outputs: { rows: 3 } };
    expect(taskAfter(before, update({ state: 'completed' }))).toMatchObject({ warnings: 2, outputs: { rows: 3 } });
  });
});

describe('attemptAfter', () => {
  it('follows an attempt through its states', () => {
    const first = attemptAfter(undefined, update({ attempt: 1, attempt_state: 'dispatched' }));
    const second = attemptAfter(
      first,
      update({ at: '2026-01-01T00:00:06.000Z', attempt: 1, attempt_state: 'started' }),
    );
    const third = attemptAfter(
      second,
      update({ at: '2026-01-01T00:00:07.000Z', attempt: 1, attempt_state: 'failed', error }),
    );
    expect(third).toMatchObject({
      state: 'failed',
      dispatched_at: '2026-01-01T00:00:05.000Z',
      started_at: '2026-01-01T00:00:06.000Z',
      ended_at: '2026-01-01T00:00:07.000Z',
      error,
    });
  });

  it('leaves entries of the task or the run alone', () => {
    expect(attemptAfter(undefined, update({ state: 'blocked' }))).toBeUndefined();
    expect(attemptAfter(undefined, { at: '', run: 1, seq: 1, state: 'running' })).toBeUndefined();
  });
});

it('wants another look where entries do not tell all', () => {
  expect(wantsLook(update({ state: 'blocked' }))).toBe(true);
  expect(wantsLook(update({ attempt_state: 'completed', detail: 'held: ask' }))).toBe(true);
  expect(wantsLook(update({ state: 'started', attempt_state: 'started' }))).toBe(false);
});
