import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaOf, s } from '../src/schema/builder.ts';
import { Checker, type JsonSchema } from '../src/schema/check.ts';
import { jsonOf, type ValueFlaw } from '../src/schema/values.ts';

test('fields become JSON Schema', () => {
  const fields = {
    shop: s.string({ minLength: 1 }).describe('which'),
    rows: s.integer({ minimum: 0 }).default(10),
    day: s.string({ format: 'date' }).optional(),
    kind: s.enum('a', 'b'),
    parts: s.array(s.tuple(s.string(), s.nullable(s.number()))),
    more: s.record(s.union(s.boolean(), s.null())),
  };
  assert.deepEqual(jsonSchemaOf(fields), {
    type: 'object',
    properties: {
      shop: { type: 'string', minLength: 1, description: 'which' },
      rows: { type: 'integer', minimum: 0, default: 10 },
      day: { type: 'string', format: 'date' },
      kind: { enum: ['a', 'b'] },
      parts: {
        type: 'array',
        items: {
          type: 'array',
          prefixItems: [{ type: 'string' }, { anyOf: [{ type: 'number' }, { type: 'null' }] }],
          items: false,
          minItems: 2,
        },
      },
      more: { type: 'object', additionalProperties: { anyOf: [{ type: 'boolean' }, { type: 'null' }] } },
    },
    required: ['shop', 'kind', 'parts', 'more'],
    additionalProperties: false,
  });
  const given = { type: 'object', properties: { a: true } };
  assert.equal(jsonSchemaOf(given), given);
});

const objects = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
/** Schema, value, and what is wrong with it; nothing: it is right. */
const TABLE: readonly (readonly [schema: JsonSchema, value: unknown, flaw?: string])[] = [
  [{ type: 'integer' }, 3],
  [{ type: 'integer' }, 3.5, '#: must be an integer, and is the number 3.5'],
  [{ type: ['string', 'null'] }, null],
  [{ type: ['string', 'null'] }, false, '#: must be a text or null, and is false'],
  [{ enum: [1, 'a', [2]] }, [2]],
  [{ enum: [1, 'a'] }, 2, '#: must be one of 1, "a"'],
  [{ const: { a: 1 } }, { a: 1 }],
  [{ const: 1 }, 2, '#: must be 1'],
  [{ minimum: 1, exclusiveMaximum: 3 }, 2],
  [{ minimum: 1 }, 0, '#: must be at least 1'],
  [{ exclusiveMaximum: 3 }, 3, '#: must be less than 3'],
  [{ multipleOf: 0.1 }, 0.3],
  [{ multipleOf: 2 }, 3, '#: must be a multiple of 2'],
  [{ maxLength: 1 }, '😀'],
  [{ minLength: 2 }, '😀', '#: must have at least 2 characters'],
  [{ pattern: '^a+$' }, 'aa'],
  [{ pattern: '^a+$' }, 'ab', '#: must be as /^a+$/ says'],
  [{ pattern: '(?P<x>a)' }, 'of another dialect'],
  [{ items: { type: 'number' }, minItems: 1 }, [1, 2]],
  [{ items: { type: 'number' } }, [1, 'x'], '#/1: must be a number, and is a text'],
  [{ prefixItems: [{ type: 'string' }], items: false }, ['a', 1], '#/1: must not be there'],
  [{ uniqueItems: true }, [{ a: 1 }, { a: 1 }], '#: has the same twice'],
  [{ maxItems: 1 }, [1, 2], '#: must have at most 1 values'],
  [objects, { a: 'x', b: 1 }],
  [objects, {}, '#/a: is missing; it must be a text'],
  [{ ...objects, additionalProperties: false }, { a: 'x', 'b/c': 1 }, '#/b~1c: is not known; known: a'],
  [{ additionalProperties: { type: 'number' } }, { b: 'x' }, '#/b: must be a number, and is a text'],
  [{ patternProperties: { '^x': { type: 'number' } }, additionalProperties: false }, { xa: 1 }],
  [{ anyOf: [{ type: 'string' }, { minimum: 3, type: 'number' }] }, 4],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 4, '#: must be a text, and is the number 4, or must be null, and is the number 4'],
  [{ anyOf: [{ type: 'null' }, objects] }, {}, '#/a: is missing; it must be a text'],
  [{ oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 3, '#: fits 2 of oneOf; it must fit one'],
  [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, 3, '#: must be at most 2'],
  [{ not: { type: 'null' } }, null, '#: is what it must not be'],
  [{ $defs: { 'a/b': { type: 'null' } }, $ref: '#/$defs/a~1b' }, 1, '#: must be null, and is the number 1'],
  [{ $ref: '#/$defs/missing' }, 1],
  [{ $ref: '#' }, 1],
]; // prettier-ignore
for (const [schema, value, flaw] of TABLE) {
  test(`${JSON.stringify(schema)} ${flaw === undefined ? 'takes' : 'refuses'} ${JSON.stringify(value)}`, () => {
    const flaws: ValueFlaw[] = [];
    new Checker(schema).check(value, '#', flaws);
    assert.deepEqual(
      flaws.map((one) => one.join(': ')),
      flaw === undefined ? [] : [flaw],
    );
  });
}

test('defaults are filled in, at any depth, and each time anew', () => {
  const fields = { list: s.array(s.integer()).default([1]), deep: s.object({ a: s.string().default('x') }) };
  const checker = new Checker(jsonSchemaOf(fields));
  const flaws: ValueFlaw[] = [];
  const first = checker.check({ deep: {} }, '#', flaws) as { list: number[]; deep: object };
  assert.deepEqual([first, flaws], [{ list: [1], deep: { a: 'x' } }, []]);
  first.list.push(2);
  assert.deepEqual(checker.check({ deep: {} }, '#', flaws), { list: [1], deep: { a: 'x' } });
});

test('a field of the name __proto__ is one as any other', () => {
  const value = JSON.parse('{"__proto__":{"isAdmin":true}}') as unknown;
  const flaws: ValueFlaw[] = [];
  const out = new Checker({ type: 'object' }).check(value, '#', flaws) as { isAdmin?: boolean };
  assert.deepEqual([out.isAdmin, Object.hasOwn(out, '__proto__'), flaws], [undefined, true, []]);
  assert.equal(jsonOf(value, '#', flaws), '{"__proto__":{"isAdmin":true}}');
});

test('at most ten flaws are told', () => {
  const flaws: ValueFlaw[] = [];
  new Checker({ items: { type: 'null' } }).check(Array(50).fill(1), '#', flaws);
  assert.equal(flaws.length, 10);
});

test('results become JSON, or say why they have none', () => {
  const flaws: ValueFlaw[] = [];
  const day = new Date(0);
  const text = jsonOf({ a: [1, null, 'x\ud800'], day, left: undefined, [`'"`]: true }, '#', flaws);
  assert.equal(text, `{"a":[1,null,"x\ufffd"],"day":"1970-01-01T00:00:00.000Z","'\\"":true}`);
  assert.deepEqual(flaws, []);
  const round: Record<string, unknown> = {};
  round['in'] = { round };
  for (const [value, words] of [
    [{ rows: NaN }, '#/rows: NaN has no JSON'],
    [[1n], '#/0: a bigint has no JSON: give a number, or a text'],
    [{ f: () => 1 }, '#/f: a function has no JSON'],
    [[undefined], '#/0: undefined has no JSON'],
    [new Map(), '#: a Map has no JSON: give an object or a list, as Object.fromEntries or [...] make it'],
  ] as const) {
    const found: ValueFlaw[] = [];
    jsonOf(value, '#', found);
    assert.deepEqual(found.map((one) => one.join(': ')), [words]); // prettier-ignore
  }
  const found: ValueFlaw[] = [];
  jsonOf(round, '#', found);
  assert.match(found[0]?.[1] ?? '', /lies more than 24 levels deep, or within itself/);
});
