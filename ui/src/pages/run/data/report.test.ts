import { expect, it } from 'vitest';
import { factsOf } from './report';

it('takes apart what is known, and keeps the rest', () => {
  const facts = factsOf(
    {
      data: '/x/a.parquet',
      rejects_file: '/x/r.parquet',
      rows: 9,
      rows_in: 10,
      rejected: 1,
      seconds: 0.5,
      schema: [
        { name: 'id', type: 'VARCHAR', pii: true },
        { name: 'n', type: 'INTEGER' },
      ],
      null_rates: { n: 0.25 },
      checks: [{ name: 'c', severity: 'warn', bad: 3 }],
      unmatched: { a: 2, b: 0 },
      guard: { series: 's', verdict: 'ok', good_points: 4, metrics: { rows: 9 } },
      source: { url: 'https://x', status: 200 },
    },
    { messages: ['careful'], hold: 'why' },
  );
  expect(facts.counts).toEqual([
    { name: 'in', value: 10 },
    { name: 'out', value: 9 },
    { name: 'rejected', value: 1 },
  ]);
  expect(facts.columns).toEqual([
    { name: 'id', type: 'VARCHAR', nulls: 0, pii: true },
    { name: 'n', type: 'INTEGER', nulls: 0.25, pii: false },
  ]);
  expect(facts.unmatched).toEqual([['a', 2]]);
  expect(facts.files).toEqual([
    ['data', '/x/a.parquet'],
    ['rejects_file', '/x/r.parquet'],
  ]);
  expect(facts.guard?.metrics).toEqual([['rows', 9]]);
  expect([facts.warnings, facts.hold]).toEqual([['careful'], 'why']);
  expect(facts.rest).toEqual({ source: { url: 'https://x', status: 200 } });
});

it('does without all of it', () => {
  expect(factsOf({ schema: 'no list', checks: [1], guard: null })).toMatchObject({
    counts: [],
    columns: [],
    checks: [],
  });
});
