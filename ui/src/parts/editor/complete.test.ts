import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { placeAt } from './place';
import { keysAt, taskIds, valuesAt, type Schema } from './schema';

const schema = JSON.parse(
  readFileSync(new URL('../../../../docs/reference/flow.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** `|` is where somebody types. */
function at(text: string) {
  const offset = text.indexOf('¦');
  return placeAt(text.replace('¦', ''), offset);
}

function keys(text: string): string[] {
  const place = at(text);
  return place && place.key === undefined ? keysAt(schema, place).map((offer) => offer.label) : [];
}

function values(text: string): string[] {
  const place = at(text);
  return place ? valuesAt(schema, place).map((offer) => offer.label) : [];
}

const path = (text: string): (string | undefined)[] | undefined =>
  at(text)?.path.map((step) => (step.item ? '-' : step.key));

describe('the place', () => {
  it('is found by indentation', () => {
    expect(path('id: x\ntasks:\n  - id: a\n    ¦')).toEqual(['tasks', '-']);
    expect(path('tasks:\n- id: a\n  retry:\n    ¦')).toEqual(['tasks', '-', 'retry']);
    expect(path('tasks:\n  - ¦')).toEqual(['tasks', '-']);
    expect(path('tasks:\n  - id: a\n¦')).toEqual([]);
    expect(path('tasks:\n  - id: s\n    cases:\n      a:\n        - id: b\n          ¦')).toEqual([
      'tasks',
      '-',
      'cases',
      'a',
      '-',
    ]);
    expect(path('tasks:\n  - {id: a, ¦}')).toEqual(['tasks', '-']);
    expect(path('retry: {attempts: 2, ¦')).toEqual(['retry']);
  });

  it('is none in comments and long texts', () => {
    expect(at('id: x # ¦')).toBeUndefined();
    expect(at('tasks:\n  - id: a\n    script: |\n      echo ¦')).toBeUndefined();
    expect(at('tasks:\n  - id: a\n    script: |\n      ¦')).toBeUndefined();
  });

  it('knows what is beside, above and below', () => {
    expect(at('tasks:\n  - id: a\n    ¦\n    type: log\n  - id: b\n    owner: c')?.siblings.sort()).toEqual([
      'id',
      'type',
    ]);
    expect(at('tasks:\n  - id: a\n    ty¦\n')).toMatchObject({ typed: 'ty', from: 21, siblings: ['id'] });
    expect(at('tasks:\n  - {id: a, type: log, ¦}')?.siblings).toEqual(['id', 'type']);
  });
});

describe('completion', () => {
  it('offers the keys of a flow that are not there', () => {
    const offered = keys('id: x\n¦');
    expect(offered).toContain('tasks');
    expect(offered).not.toContain('id');
    expect(offered).not.toContain('script');
  });

  it('offers the keys of a task by its type', () => {
    const offered = keys('tasks:\n  - id: a\n    type: log\n    ¦');
    expect(offered).toEqual(expect.arrayContaining(['message', 'level', 'needs', 'retry']));
    expect(offered).not.toContain('script');
    expect(keys('tasks:\n  - {id: a, type: shell, ¦}')).toContain('script');
    expect(keys('tasks:\n  - {id: a, type: acme/geocode, ¦}')).toContain('inputs');
    expect(keys('tasks:\n  - {id: a, type: acme/geocode, ¦}')).not.toContain('script');
    expect(keys('tasks:\n  - id: a\n    ¦')).toEqual(expect.arrayContaining(['type', 'script', 'message']));
  });

  it('goes into maps', () => {
    expect(keys('tasks:\n  - id: a\n    type: shell\n    retry:\n      attempts: 2\n      ¦')).toEqual([
      'delay',
      'backoff',
      'max_delay',
      'jitter',
      'on',
    ]);
    expect(keys('triggers:\n  - id: t\n    type: schedule\n    ¦')).toContain('cron');
    expect(keys('triggers:\n  - id: t\n    type: webhook\n    ¦')).not.toContain('cron');
    expect(keys('inputs:\n  - id: t\n    ¦')).toContain('default');
    expect(
      keys(
        'tasks:\n  - id: s\n    type: switch\n    cases:\n      a:\n        - id: b\n          type: log\n          ¦',
      ),
    ).toContain('message');
  });

  it('offers values', () => {
    expect(values('tasks:\n  - id: a\n    type: ¦')).toEqual(expect.arrayContaining(['shell', 'log', 'invoke']));
    expect(values('tasks:\n  - {id: a, type: sh¦}')).toContain('shell');
    expect(values('concurrency:\n  when_full: ¦')).toEqual(['queue', 'skip', 'cancel']);
    expect(values('tasks:\n  - id: a\n    type: log\n    disabled: ¦')).toEqual(['true', 'false']);
    expect(values('inputs:\n  - type: ¦')).toContain('multiselect');
  });

  it('finds the ids of tasks', () => {
    expect(taskIds('tasks:\n  - id: a\n  - {id: b, type: log}\n  - {type: log, id: c}\n')).toEqual(['a', 'b', 'c']);
  });
});
