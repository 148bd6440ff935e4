import { describe, expect, it } from 'vitest';
import { inItem, modelOfFlow, type Canonical } from './canonical';
import { RunGraph } from './run';
import { viewOf } from './view';

const flow: Canonical = {
  id: 'loops',
  tasks: [
    { id: 'list', type: 'shell', script: 'true' },
    {
      id: 'each',
      type: 'foreach',
      items: '{{ inputs.names }}',
      needs: ['list'],
      tasks: [
        { id: 'fetch', type: 'shell', script: 'echo {{ item }} {{ outputs.list.n }}' },
        {
          id: 'inner',
          type: 'foreach',
          items: { from: 1, to: 2 },
          needs: ['each/fetch'],
          tasks: [{ id: 'part', type: 'log', message: '{{ item }}' }],
        },
        {
          id: 'choose',
          type: 'switch',
          value: '{{ item }}',
          needs: ['each/fetch', 'each/inner'],
          cases: {
            a: [
              { id: 'one', type: 'log', message: '{{ outputs.fetch.v }}', needs: ['each/fetch'] },
              { id: 'two', type: 'shell', needs: ['each/choose/one'], script: 'true' },
            ],
          },
          default: [{ id: 'none', type: 'log', message: 'none' }],
        },
      ],
    },
    { id: 'report', type: 'log', message: 'x', needs: ['each', { flow: 'demo/other', within: '3600000ms' }] },
  ],
  errors: [{ id: 'alarm', type: 'log', message: 'broken' }],
  finally: [
    { id: 'clean', type: 'shell', script: 'true' },
    { id: 'bye', type: 'log', message: 'bye', needs: ['clean'] },
  ],
};

const row = (task: string, state = 'completed') => ({ task, state, attempt: 1, warnings: 0 });
const at = '2026-01-01T00:00:00Z';

describe('the model of a flow', () => {
  const model = modelOfFlow(flow);
  const edges = model.edges.map(({ from, to, kind }) => `${from} > ${to} (${kind})`);

  it('has a node for each task and each need of another flow', () => {
    expect(model.nodes.map(({ id, kind, group }) => [id, kind, group])).toEqual([
      ['list', 'shell', undefined],
      ['each', 'foreach', undefined],
      ['each/fetch', 'shell', 'each'],
      ['each/inner', 'foreach', 'each'],
      ['each/inner/part', 'log', 'each/inner'],
      ['each/choose', 'switch', 'each'],
      ['each/choose/one', 'log', 'each/choose/ a'],
      ['each/choose/two', 'shell', 'each/choose/ a'],
      ['each/choose/none', 'log', 'each/choose/ default'],
      ['report', 'log', undefined],
      ['flow:demo/other', 'flow', undefined],
      ['alarm', 'log', '@errors'],
      ['clean', 'shell', '@finally'],
      ['bye', 'log', '@finally'],
    ]);
  });

  it('tells what hands something over from what only comes before', () => {
    expect(edges).toEqual([
      'list > each (data)',
      'each/fetch > each/inner (order)',
      'each/fetch > each/choose (data)',
      'each/inner > each/choose (order)',
      'each/fetch > each/choose/one (data)',
      'each/choose/one > each/choose/two (order)',
      'each > report (order)',
      'flow:demo/other > report (order)',
      'report > @errors (after)',
      'clean > bye (order)',
      '@errors > @finally (after)',
    ]);
  });

  it('is drawn as nested boxes', () => {
    const boxes = viewOf(model).items.filter((item) => item.open);
    expect(boxes.map(({ label, depth }) => [label, depth])).toEqual([
      ['each', 0],
      ['inner', 1],
      ['choose', 1],
      ['a', 2],
      ['default', 2],
      ['On error', 0],
      ['Finally', 0],
    ]);
  });

  it('knows data that is named by `of`, in SQL, and in a contract', () => {
    const tasks = [
      { id: 'a', type: 'load' },
      { id: 'b', type: 'check', of: 'a', needs: ['a'] },
      { id: 'c', type: 'transform', sql: 'select * from A join ab using (id)', needs: ['a', 'b'] },
      { id: 'd', type: 'merge', of: ['b', 'c'], needs: ['b', 'c'] },
      { id: 'e', type: 'load', contract: { columns: { x: { refs: 'a.id' } } }, needs: ['a'] },
      { id: 'f', type: 'fail', trigger_rule: 'any_error', needs: ['e'] },
    ];
    expect(modelOfFlow({ tasks }).edges.map(({ from, to, kind }) => `${from}${to} ${kind}`)).toEqual([
      'ab data',
      'ac data',
      'bc order',
      'bd data',
      'cd data',
      'ae data',
      'ef failure',
    ]);
  });
});

describe('needs in items', () => {
  it.each([
    ['each/load', 'each[3]/', 'each[3]/load'],
    ['each/choose', 'each[3]/choose/', 'each[3]/choose'],
    ['each/choose/x', 'each[3]/choose/', 'each[3]/choose/x'],
    ['a/b/c', 'a[1]/b[2]/', 'a[1]/b[2]/c'],
    ['a/x', 'a[1]/b[2]/', 'a[1]/x'],
    ['other', 'each[3]/', 'other'],
    ['other/x', 'each[3]/', 'other/x'],
    ['load', '', 'load'],
  ])('%s from %s is %s', (need, prefix, path) => expect(inItem(need, prefix)).toBe(path));
});

describe('the graph of a run', () => {
  it('has pending tasks, and the loop in general, before it begins', () => {
    const run = new RunGraph(flow);
    expect(run.model.nodes.every(({ id }) => run.states.get(id)?.state === 'pending')).toBe(true);
    expect(run.model.nodes.map(({ id }) => id)).toContain('each/fetch');
    expect(run.model).toBe(run.model);
  });

  it('puts items where the loop in general was, each with all its tasks and edges', () => {
    const run = new RunGraph(flow);
    run.rows([row('each', 'started'), row('each[10]/fetch'), row('each[2]/fetch'), row('each[2]/inner[0]/part')]);
    const ids = run.model.nodes.map(({ id }) => id);
    expect(ids).not.toContain('each/fetch');
    expect(ids).not.toContain('each[2]/inner/part');
    expect(ids).toContain('each[10]/inner/part');
    expect(ids.indexOf('each[2]/fetch')).toBeLessThan(ids.indexOf('each[10]/fetch'));
    const state = (id: string) => run.states.get(id)?.state;
    expect([state('each[2]/fetch'), state('each[2]/choose/none'), state('each')]).toEqual([
      'completed',
      'pending',
      'started',
    ]);
    expect(run.model.edges).toContainEqual({ from: 'each[2]/fetch', to: 'each[2]/choose/one', kind: 'data' });
    const view = viewOf(run.model);
    expect(view.items.find(({ id }) => id === 'each[2]')).toMatchObject({ label: '[2]', parent: 'each', open: true });
    expect(view.items.find(({ id }) => id === 'each[2]/inner[0]/part')).toMatchObject({
      label: 'part [0]',
      parent: 'each[2]/inner',
    });
  });

  it('makes another model only for new tasks', () => {
    const run = new RunGraph(flow);
    run.rows([row('each[0]/fetch', 'started')]);
    const { model } = run;
    run.update({ at, task: 'each[0]/fetch', attempt: 1, state: 'completed' });
    run.rows([row('list')]);
    expect(run.model).toBe(model);
    expect(run.states.get('list')?.state).toBe('completed');
    run.update({ at, task: 'each[1]/fetch', attempt: 1, state: 'started' });
    expect(run.model).not.toBe(model);
  });

  it('shows a task that the flow does not have', () => {
    const run = new RunGraph(flow);
    run.update({ at, task: 'ghost[1]/x', state: 'error' });
    expect(run.model.nodes.at(-1)).toMatchObject({ id: 'ghost[1]/x' });
    expect(run.states.get('ghost[1]/x')?.state).toBe('error');
  });

  it('tells attempts, errors, times and what waits for a person', () => {
    const run = new RunGraph(flow);
    const error = { code: 'EXIT_NONZERO', message: 'exit 3' };
    const times = { first_at: '2026-01-01T00:00:00Z', ended_at: '2026-01-01T00:01:05Z' };
    run.rows(
      [
        { ...row('list', 'error'), ...times, attempt: 3, error },
        { ...row('each', 'started'), outputs: { items: 40, completed: 10, failed: 2 } },
        { ...row('report'), warnings: 2 },
        row('alarm', 'started'),
      ],
      [{ task: 'alarm', state: 'held' }],
    );
    expect(run.states.get('list')).toEqual({
      state: 'error',
      detail: 'attempt 3 · EXIT_NONZERO',
      since: Date.parse(times.first_at),
      until: Date.parse(times.ended_at),
    });
    expect(run.states.get('each')?.detail).toBe('12 of 40 items');
    expect(run.states.get('report')).toEqual({ state: 'warning', detail: '2 warnings' });
    expect(run.states.get('alarm')?.state).toBe('held');
  });

  it('follows events', () => {
    const run = new RunGraph(flow);
    run.update({ at, task: 'list', attempt: 1, state: 'started' });
    expect(run.states.get('list')).toEqual({ state: 'started', since: Date.parse(at) });
    run.update({ at: '2026-01-01T00:00:02Z', task: 'list', attempt: 1, state: 'completed' });
    expect(run.states.get('list')).toMatchObject({ state: 'completed', until: Date.parse(at) + 2000 });
    run.update({ at, state: 'running' });
  });

  it('takes 5,000 rows of a loop', () => {
    const run = new RunGraph(flow);
    const rows = Array.from({ length: 5000 }, (_, i) => row(`each[${i}]/fetch`));
    run.rows(rows);
    expect(run.model.nodes.length).toBeGreaterThan(5000);
  });
});
