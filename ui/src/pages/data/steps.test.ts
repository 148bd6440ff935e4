import { describe, expect, it } from 'vitest';
import type { Task } from '../../api';
import { figuresOf, rowsOf } from './figures';
import { placesOf, stepsOf, type Step } from './steps';

const form = {
  tasks: [
    { id: 'county', type: 'load', from: '{{ inputs.county }}' },
    { id: 'shop', type: 'load', connection: 'warehouse', table: 'sales.orders' },
    { id: 'rest', type: 'load', connection: { type: 'postgres', host: 'db', database: 'x' }, sql: 'select 1' },
    { id: 'each', type: 'foreach', tasks: [{ id: 'sum', type: 'transform', of: 'county' }] },
    { id: 'say', type: 'log' },
    { id: 'out', type: 'share', of: ['county'], to: ['out/a.csv', { to: 'sales.a', connection: 'warehouse' }] },
  ],
};

describe('stepsOf', () => {
  it('finds data steps, also in loops, with what they read and write', () => {
    expect(stepsOf(form).map(({ path, type, reads, writes, of }) => [path, type, reads, writes, of])).toEqual([
      ['county', 'load', ['{{ inputs.county }}'], [], []],
      ['shop', 'load', ['warehouse sales.orders'], [], []],
      ['rest', 'load', ['postgres://db/x a query'], [], []],
      ['each/sum', 'transform', [], [], ['county']],
      ['out', 'share', [], ['out/a.csv', 'warehouse sales.a'], ['county']],
    ]);
  });
});

describe('placesOf', () => {
  const step = { description: '', of: [], reads: [], writes: [] };
  const written = (place: string): Step[] => [{ ...step, path: 'out', type: 'share', writes: [place] }];
  const read = (place: string): Step[] => [{ ...step, path: 'in', type: 'load', reads: [place] }];

  it('joins who reads with who writes', () => {
    const places = placesOf(
      new Map([
        ['a/make', written('s3://shop/a.csv')],
        ['a/use', read('s3://shop/a.csv')],
      ]),
    );
    expect(places).toEqual([
      {
        place: 's3://shop/a.csv',
        readBy: [{ flow: 'a/use', path: 'in' }],
        writtenBy: [{ flow: 'a/make', path: 'out' }],
      },
    ]);
  });

  it('keeps apart what is of the folder of a flow, or of its inputs', () => {
    for (const place of ['out/a.csv', 's3://{{ inputs.bucket }}/a.csv']) {
      const places = placesOf(
        new Map([
          ['a/make', written(place)],
          ['a/use', read(place)],
        ]),
      );
      expect(places.map(({ within }) => within)).toEqual(['a/make', 'a/use']);
    }
  });
});

describe('figuresOf', () => {
  it('tells rows, what was left out, checks and columns', () => {
    const figures = figuresOf({
      rows: 3,
      rows_in: 7,
      rejected: 0,
      duplicates: 2,
      unmatched: { county: 1, listings: 0 },
      seconds: 0.5,
      schema: [{ name: 'price', type: 'BIGINT', pii: true }],
      null_rates: { price: 0.25 },
      checks: [{ name: 'price.min', severity: 'fail', bad: 0 }],
      guard: { series: 'a/b', verdict: 'ok', metrics: {} },
    });
    expect(figures).toEqual({
      rows: 3,
      rowsIn: 7,
      millis: 500,
      left: [
        ['duplicates', 2],
        ['unmatched of county', 1],
      ],
      checks: [{ name: 'price.min', severity: 'fail', bad: 0 }],
      columns: [{ name: 'price', type: 'BIGINT', pii: true, missing: 0.25 }],
      guard: { series: 'a/b', verdict: 'ok' },
    });
    expect(figuresOf(undefined)).toEqual({ left: [], checks: [], columns: [] });
  });
});

describe('rowsOf', () => {
  it('has a row for each item of a loop', () => {
    const task = (path: string): Task => ({ task: path, state: 'completed', attempt: 1, warnings: 0 });
    const rows = rowsOf(['in', 'each/sum', 'out'], [task('in'), task('each[0]/sum'), task('each[1]/sum'), task('say')]);
    expect(rows.map(({ path, step, task }) => [path, step, task?.state])).toEqual([
      ['in', 'in', 'completed'],
      ['each[0]/sum', 'each/sum', 'completed'],
      ['each[1]/sum', 'each/sum', 'completed'],
      ['out', 'out', undefined],
    ]);
  });
});
