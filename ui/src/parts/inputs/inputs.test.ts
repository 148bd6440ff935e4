import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../api/problem';
import { listFlaw, textFlaw } from './check';
import { commandText, contentOf, fieldFlaw, firstContent, isGiven, jsonOf } from './field';
import { InputsModel } from './model.svelte';
import { refusedInputs } from './refused';
import { isRequired, rulesOf, type InputSpec } from './spec';

const input = (more: Partial<InputSpec>): InputSpec => ({ id: 'x', ...more });

describe('checks', () => {
  const flawed: [Partial<InputSpec>, string][] = [
    [{ type: 'int' }, '1.5'],
    [{ type: 'int' }, '9223372036854775808'],
    [{ type: 'int', min: 1 }, '0'],
    [{ type: 'float', max: 1 }, '1.01'],
    [{ type: 'float' }, 'one'],
    [{ type: 'bool' }, 'yes'],
    [{ type: 'date' }, '2026-02-30'],
    [{ type: 'date', min: '2020-01-01' }, '2019-12-31'],
    [{ type: 'datetime' }, '2026-11-21'],
    [{ type: 'datetime', max: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:01+00:00'],
    [{ type: 'duration' }, 'soon'],
    [{ type: 'duration', max: '86400000ms' }, '25h'],
    [{ type: 'json' }, '{a: 1}'],
    [{ type: 'select', values: ['a', 'b'] }, 'c'],
    [{ type: 'secret' }, '1KEY'],
    [{ min_length: 2 }, 'é'],
    [{ max_length: 1 }, 'ab'],
    [{ match: '[A-Z]{2}-[0-9]+' }, 'xAB-1'],
  ];
  it.each(flawed)('%j refuses "%s"', (spec, text) => expect(textFlaw(input(spec), text)).toBeTruthy());

  const right: [Partial<InputSpec>, string][] = [
    [{ type: 'int', min: 1, max: 10 }, '+10'],
    [{ type: 'float' }, '-1e-3'],
    [{ type: 'date' }, '2024-02-29'],
    [{ type: 'datetime' }, '2026-11-21T10:30:00+02:00'],
    [{ type: 'duration', min: '1m' }, '1h30m'],
    [{ type: 'json' }, '"text"'],
    [{ min_length: 2, max_length: 2 }, '😀é'],
    [{ match: 'a(?i)b' }, 'anything, since a browser does not know this'],
  ];
  it.each(right)('%j takes "%s"', (spec, text) => expect(textFlaw(input(spec), text)).toBeUndefined());

  it('looks at lists item by item', () => {
    expect(listFlaw(input({ type: 'array', items: 'int' }), ['1', 'x'])).toMatch(/^Item 2/);
    expect(listFlaw(input({ type: 'multiselect', values: ['a'], min_items: 1 }), [])).toMatch(/At least 1 item is/);
    expect(listFlaw(input({ type: 'array', max_items: 1 }), ['a', 'b'])).toMatch(/At most 1 item is wanted, not 2/);
  });

  it('leaves templates to the server where they may stand', () => {
    expect(textFlaw(input({ type: 'date' }), '{{ run.date }}')).toBeTruthy();
    expect(textFlaw(input({ type: 'date' }), '{{ run.date }}', true)).toBeUndefined();
  });
});

describe('fields', () => {
  it('shows a default that is a value, not one that is a template', () => {
    expect(firstContent(input({ type: 'int', default: 10 }))).toBe('10');
    expect(firstContent(input({ type: 'date', default: '{{ run.date }}' }))).toBe('');
    expect(firstContent(input({ type: 'array', default: 'a, b' }))).toEqual(['a', 'b']);
    expect(contentOf(input({ type: 'json' }), { a: 1 })).toBe('{\n  "a": 1\n}');
  });

  it('sends only what is other than the default', () => {
    const top = input({ type: 'int', default: 10 });
    expect(isGiven(top, '10')).toBe(false);
    expect(isGiven(top, '')).toBe(false);
    expect(isGiven(top, '11')).toBe(true);
    expect(isGiven(input({ default: 'a' }), '')).toBe(true);
    expect(isGiven(input({ required: false }), '')).toBe(false);
    expect(isGiven(input({ type: 'multiselect', default: ['a'] }), [])).toBe(true);
    expect(isGiven(input({ type: 'array', required: false }), [])).toBe(false);
    expect(isGiven(input({ type: 'date', default: '{{ run.date }}' }), '2026-01-01')).toBe(true);
  });

  it('wants what has no default', () => {
    expect(isRequired(input({}))).toBe(true);
    expect(isRequired(input({ required: false }))).toBe(false);
    expect(fieldFlaw(input({}), '')).toMatch(/no default/);
    expect(fieldFlaw(input({ type: 'date', default: '{{ run.date }}' }), '')).toBeUndefined();
  });

  it('has values for the API and texts for a command line', () => {
    expect(jsonOf(input({ type: 'int' }), '12')).toBe(12);
    expect(jsonOf(input({ type: 'int' }), '9007199254740993')).toBe('9007199254740993');
    expect(jsonOf(input({ type: 'array', items: 'float' }), ['1.5', '2'])).toEqual([1.5, 2]);
    expect(jsonOf(input({ type: 'json' }), '[1]')).toEqual([1]);
    expect(jsonOf(input({}), '12')).toBe('12');
    expect(jsonOf(input({ type: 'array' }), ['a', 'b, c'])).toBe('["a","b, c"]');
    expect(jsonOf(input({ type: 'array' }), [])).toEqual([]);
    expect(commandText(['a', 'b'])).toBe('a,b');
    expect(commandText(['a,b', 'c'])).toBe('["a,b","c"]');
    expect(commandText('as it is')).toBe('as it is');
  });

  it('says what it takes', () => {
    expect(rulesOf(input({}))).toBe('');
    expect(rulesOf(input({ max_length: 9 }))).toBe('at most 9 characters');
    expect(rulesOf(input({ type: 'int', min: 1, max: 100 }))).toBe('a whole number, 1 to 100');
    expect(rulesOf(input({ type: 'duration', max: '86400000ms' }))).toBe('a duration, like 1h30m, at most 1d');
    expect(rulesOf(input({ type: 'array', items: 'int', min_items: 1 }))).toBe(
      'a list of whole numbers, at least 1 item',
    );
  });
});

describe('what the server refuses', () => {
  const ids = ['name', 'top'];
  it('finds the fields in the lines of a detail', () => {
    const problem = new ProblemError({
      status: 422,
      detail: "input 'name' wants at least 2 characters, not 1\ninput 'top' wants at most 100, not '1000'",
    });
    expect(refusedInputs(problem, ids)).toEqual({
      fields: { name: 'Wants at least 2 characters, not 1.', top: "Wants at most 100, not '1000'." },
      whole: true,
    });
  });

  it('finds them in errors with places, too', () => {
    const problem = new ProblemError({ status: 422, errors: [{ at: '#/inputs/top', detail: 'is too much' }] });
    expect(refusedInputs(problem, ids)).toEqual({ fields: { top: 'Is too much.' }, whole: true });
  });

  it('tells what is not of a field', () => {
    const problem = new ProblemError({ status: 422, detail: "unknown input 'nam'; did you mean 'name'?" });
    expect(refusedInputs(problem, ids)).toEqual({ fields: {}, whole: false });
    expect(refusedInputs(new ProblemError({ status: 422, detail: "'inputs' is no map" }), ids).whole).toBe(false);
  });
});

describe('a form that takes the place of another', () => {
  const before = new InputsModel(
    [input({ id: 'day', type: 'date' }), input({ id: 'n', type: 'int' }), input({ id: 'old' })],
    {
      values: { day: '2026-11-28', n: 3, old: 'x' },
    },
  );
  const [day, n, old] = before.specs as [InputSpec, InputSpec, InputSpec];
  before.set(day, '2026-11-30');
  before.set(n, '7');
  before.set(old, 'y');

  it('keeps what was typed where it has such a field', () => {
    const after = new InputsModel([input({ id: 'day', type: 'date' }), input({ id: 'n', type: 'string' })], {
      values: { day: '2026-11-28', n: '3' },
    });
    after.takeOver(before);
    expect(after.changes()).toEqual({ day: '2026-11-30' });
  });

  it('leaves what nobody touched as it begins itself', () => {
    const after = new InputsModel([input({ id: 'day', type: 'date' })], { values: { day: '2026-11-01' } });
    after.takeOver(new InputsModel([input({ id: 'day', type: 'date' })], { values: { day: '2026-11-28' } }));
    expect(after.changes()).toEqual({});
    expect(after.text(after.specs[0] as InputSpec)).toBe('2026-11-01');
  });
});
