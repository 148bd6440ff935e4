import { describe, expect, it } from 'vitest';
import { declaredTask, millisOfDuration, needsOf } from './needs';

const close = {
  id: 'close',
  namespace: 'billing',
  owner: 'billing',
  description: 'Closes the minute.',
  labels: { contacts: 'billing@example.com' },
  tasks: [
    { id: 'optional-1', type: 'flow', flow: 'billing/credits', on_error: 'continue' },
    {
      id: 'task',
      type: 'invoke',
      task: 'close',
      server: 'billing-1',
      needs: ['optional-1', { flow: 'billing/invoices', within: '600000ms' }],
      timeouts: { complete: '1800000ms' },
    },
  ],
  triggers: [{ id: 'cron', type: 'schedule', cron: '0 * * * * *' }],
};

describe('needs', () => {
  it('of a declared task', () => {
    expect(needsOf(close, 'billing')).toEqual([
      { flow: 'billing/credits', optional: true },
      { flow: 'billing/invoices', optional: false, within: '600000ms' },
    ]);
  });

  it('of a flow, also inside of loops and cases, by its triggers, and in its namespace', () => {
    const form = {
      tasks: [
        { id: 'each', type: 'foreach', tasks: [{ id: 'a', type: 'flow', flow: 'load' }] },
        { id: 'choose', type: 'switch', cases: { x: [{ id: 'b', type: 'log', needs: { flow: '/bare' } }] } },
        { id: 'c', type: 'flow', flow: '{{ inputs.flow }}' },
      ],
      triggers: [{ id: 't', type: 'flow', flows: ['other/one', 'load'] }],
    };
    expect(needsOf(form, 'acme')).toEqual([
      { flow: 'acme/load', optional: false },
      { flow: 'bare', optional: false },
      { flow: 'other/one', optional: false, trigger: true },
    ]);
  });
});

describe('declaredTask', () => {
  it('tells what the server said', () => {
    expect(declaredTask(close, 'billing/close', 'billing', 'close')).toMatchObject({
      owner: 'billing',
      contacts: 'billing@example.com',
      cron: '0 * * * * *',
      timeouts: { complete: '1800000ms' },
    });
  });
});

describe('millisOfDuration', () => {
  it('knows durations of the canonical form', () => {
    expect(millisOfDuration('600000ms')).toBe(600_000);
    expect(millisOfDuration('1h30m')).toBe(5_400_000);
    expect(millisOfDuration('soon')).toBeUndefined();
  });
});
