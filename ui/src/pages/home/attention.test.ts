import { describe, expect, it } from 'vitest';
import type { Notice, Run, Trigger } from '../../api';
import { deadLetters, failedFlows, lateRuns, missedTicks, nextFires } from './attention';

const NOW = Date.parse('2026-03-02T12:00:00Z');

function run(number: number, more: Partial<Run>): Run {
  return { run: number, id: `id-${number}`, flow: 'daily', namespace: 'acme', state: 'error', warnings: 0,
    cancel_requested: false, inputs: {}, ...more }; // prettier-ignore
}

function trigger(flow: string, more: Partial<Trigger>): Trigger {
  return { flow, trigger: 't', type: 'schedule', disabled: false, ...more };
}

describe('failedFlows', () => {
  const runs = [
    run(9, { ended_at: '2026-03-02T11:00:00Z' }),
    run(8, { ended_at: '2026-03-02T10:00:00Z' }),
    run(7, { flow: 'other', namespace: '', ended_at: '2026-03-02T11:30:00Z' }),
    run(3, { flow: 'old', ended_at: '2026-02-01T11:30:00Z' }),
  ];

  it('groups by flow and leaves out what is older', () => {
    const found = failedFlows(runs, [], NOW - 86_400_000);
    expect(found.map(({ flow, count, run }) => [flow, count, run])).toEqual([
      ['other', 1, 7],
      ['acme/daily', 2, 9],
    ]);
  });

  it('says whose it is', () => {
    const notice = { notice: 1, id: 'x', at: '2026-03-02T11:00:00Z', team: 'billing', run: 9, description: 'no file' };
    const notices: Notice[] = [
      { ...notice, kind: 'blocked', cause: 'billing', description: 'waited' },
      { ...notice, kind: 'failed', cause: 'orders', task: 'load' },
      { ...notice, kind: 'late', description: 'it has not ended 1h after it was made' },
    ];
    const found = failedFlows(runs, notices, NOW - 86_400_000).find((one) => one.run === 9);
    expect(found).toMatchObject({ cause: 'orders', task: 'load', why: 'no file' });
  });
});

describe('lateRuns', () => {
  it('are those that wait for their beginning', () => {
    const runs = [
      run(1, { state: 'pending', created_at: '2026-03-02T11:59:30Z' }),
      run(2, { state: 'pending', created_at: '2026-03-02T11:50:00Z' }),
      run(3, { state: 'pending', created_at: '2026-03-02T11:40:00Z' }),
      run(4, { state: 'running', created_at: '2026-03-02T11:40:00Z' }),
    ];
    expect(lateRuns(runs, NOW).map((one) => one.run)).toEqual([3, 2]);
  });
});

describe('triggers', () => {
  const all = [
    trigger('a/late', { next: '2026-03-02T14:00:00Z', last: 'skipped', last_at: '2026-03-02T10:00:00Z' }),
    trigger('a/soon', { next: '2026-03-02T13:00:00Z', last: 'run', last_at: '2026-03-02T10:00:00Z' }),
    trigger('a/off', { next: '2026-03-02T12:30:00Z', disabled: true, last: 'error', last_at: '2026-03-02T10:00:00Z' }),
    trigger('hook', { type: 'webhook', dead: 3 }),
    trigger('hooks', { type: 'webhook', dead: 5 }),
  ];

  it('tells what comes next', () => {
    expect(nextFires(all, 5).map((one) => one.flow)).toEqual(['a/soon', 'a/late']);
    expect(nextFires(all, 1)).toHaveLength(1);
  });

  it('tells what was missed', () => {
    expect(missedTicks(all).map((one) => one.flow)).toEqual(['a/late']);
  });

  it('tells where dead letters are', () => {
    expect(deadLetters(all).map((one) => one.dead)).toEqual([5, 3]);
  });
});
