import { describe, expect, it } from 'vitest';
import {
  findTask,
  insideCount,
  needsOf,
  neededBy,
  retryWords,
  tasksOf,
  timeoutWords,
  workOf,
  type FlowForm,
} from './form';

const form: FlowForm = {
  id: 'daily',
  tasks: [
    { id: 'fetch', type: 'shell', script: 'true', timeouts: { complete: '600000ms' }, timeout: '3600000ms' },
    {
      id: 'each',
      type: 'foreach',
      items: ['a'],
      needs: ['fetch', { flow: '/other', within: '3600000ms' }],
      tasks: [
        { id: 'split', type: 'shell', retry: { attempts: 3, delay: '50ms', backoff: 'exponential', on: ['error'] } },
      ],
    },
    { id: 'kind', type: 'switch', cases: { a: [{ id: 'one', type: 'log' }] }, default: [{ id: 'none', type: 'log' }] },
  ],
  finally: [{ id: 'clean', type: 'log', needs: ['fetch'] }],
};

describe('tasks of a form', () => {
  it('are found by the paths of the graph', () => {
    expect(findTask(form, 'each/split')?.type).toBe('shell');
    expect(findTask(form, 'kind/one')?.type).toBe('log');
    expect(findTask(form, 'clean')?.id).toBe('clean');
    expect(findTask(form, 'each/none')).toBeUndefined();
    expect(tasksOf(form).map((one) => one.path)).toEqual([
      'fetch',
      'each',
      'each/split',
      'kind',
      'kind/none',
      'kind/one',
      'clean',
    ]);
  });

  it('need each other, and other flows', () => {
    const each = findTask(form, 'each');
    expect(each && needsOf(each)).toEqual([{ id: 'fetch' }, { id: 'flow:other', flow: 'other', within: '1h' }]);
    expect(neededBy(form, 'fetch')).toEqual(['each', 'clean']);
    expect(each && insideCount(each)).toBe(1);
  });

  it('are told in words', () => {
    const split = findTask(form, 'each/split');
    const fetch = findTask(form, 'fetch');
    expect(split && retryWords(split)).toBe('up to 3 attempts, 50ms between them, doubled each time, only after error');
    expect(fetch && retryWords(fetch)).toBeUndefined();
    expect(fetch && timeoutWords(fetch)).toBe('ended within 10m, with its retries 1h');
    expect(fetch && workOf(fetch)).toEqual({ script: 'true' });
  });
});
