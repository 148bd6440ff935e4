/**
 * Looks at a value by a JSON Schema (draft 2020-12), and fills in defaults.
 *
 * What schemas are mostly made of is looked at here, so that wrong inputs never reach a function; cerebro looks at the
 * whole of them. Not looked at: `format`, `$dynamicRef`, `if`, `dependent…`, `unevaluated…`, `contains`, and references
 * that lead elsewhere.
 */
import { dumps, isObject } from '../texts.ts';
import { FLAWS_MAX, isSame, kindOf, type ValueFlaw, within } from './values.ts';

export type JsonSchema = { readonly [name: string]: unknown };

const DEPTH_MAX = 100;
const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  string: (value) => typeof value === 'string',
  array: Array.isArray,
  object: isObject,
};
const TYPE_WORDS: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  integer: 'an integer',
  string: 'a text',
  array: 'a list',
  object: 'an object',
};

/** Checks by one schema. Patterns are compiled once. */
export class Checker {
  readonly #root: JsonSchema;
  readonly #patterns = new Map<string, RegExp | undefined>();

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  /** The value with defaults where something is missing; `flaws` gets what is wrong, all of it at once. */
  check(value: unknown, place: string, flaws: ValueFlaw[]): unknown {
    return new Look(this.#root, flaws, this.#patterns).at(this.#root, value, place, 0);
  }
}

class Look {
  readonly #root: JsonSchema;
  readonly #flaws: ValueFlaw[];
  readonly #patterns: Map<string, RegExp | undefined>;

  constructor(root: JsonSchema, flaws: ValueFlaw[], patterns: Map<string, RegExp | undefined>) {
    this.#root = root;
    this.#flaws = flaws;
    this.#patterns = patterns;
  }

  at(schema: unknown, value: unknown, place: string, depth: number): unknown {
    if (schema === false) return this.#wrong(place, 'must not be there', value);
    if (!isObject(schema) || depth > DEPTH_MAX) return value;
    if (!this.#fitsType(schema['type'], value)) {
      const types = [schema['type']].flat().map((one) => TYPE_WORDS[String(one)] ?? String(one));
      return this.#wrong(place, `must be ${types.join(' or ')}, and is ${kindOf(value)}`, value);
    }
    if (Array.isArray(schema['enum']) && !schema['enum'].some((one) => isSame(one, value))) {
      return this.#wrong(place, `must be one of ${schema['enum'].map(dumps).join(', ')}`, value);
    }
    if ('const' in schema && !isSame(schema['const'], value)) {
      return this.#wrong(place, `must be ${dumps(schema['const'])}`, value);
    }
    let out = this.#combined(schema, value, place, depth);
    if (typeof out === 'number') this.#number(schema, out, place);
    else if (typeof out === 'string') this.#text(schema, out, place);
    else if (Array.isArray(out)) out = this.#list(schema, out, place, depth);
    else if (isObject(out)) out = this.#object(schema, out, place, depth);
    return out;
  }

  #wrong(place: string, text: string, value: unknown): unknown {
    if (this.#flaws.length < FLAWS_MAX) this.#flaws.push([place, text]);
    return value;
  }

  #fitsType(type: unknown, value: unknown): boolean {
    if (type === undefined) return true;
    return [type].flat().some((one) => typeof one !== 'string' || (TYPES[one]?.(value) ?? true));
  }

  /** `$ref`, allOf, anyOf, oneOf, not. */
  #combined(schema: JsonSchema, value: unknown, place: string, depth: number): unknown {
    let out = value;
    if (typeof schema['$ref'] === 'string') out = this.at(this.#referred(schema['$ref']), out, place, depth + 1);
    for (const one of listOf(schema['allOf'])) out = this.at(one, out, place, depth + 1);
    for (const [word, most] of [
      ['anyOf', Infinity],
      ['oneOf', 1],
    ] as const) {
      if (!Array.isArray(schema[word])) continue;
      const tries = listOf(schema[word]).map((one) => this.#tried(one, out, place, depth + 1));
      const fitting = tries.filter((one) => one.flaws.length === 0);
      if (fitting.length === 0) this.#noneFits(tries, place, out);
      else if (fitting.length > most) this.#wrong(place, `fits ${fitting.length} of ${word}; it must fit one`, out);
      else out = fitting[0]?.value;
    }
    if ('not' in schema && this.#tried(schema['not'], out, place, depth + 1).flaws.length === 0) {
      this.#wrong(place, 'is what it must not be', out);
    }
    return out;
  }

  #tried(schema: unknown, value: unknown, place: string, depth: number): { value: unknown; flaws: ValueFlaw[] } {
    const flaws: ValueFlaw[] = [];
    return { value: new Look(this.#root, flaws, this.#patterns).at(schema, value, place, depth), flaws };
  }

  /** What would be right: by the alternative that comes nearest, where that lies within. */
  #noneFits(tries: readonly { flaws: ValueFlaw[] }[], place: string, value: unknown): void {
    const inside = tries.find((one) => one.flaws.every(([at]) => at !== place));
    if (inside !== undefined) return void this.#flaws.push(...inside.flaws.slice(0, FLAWS_MAX - this.#flaws.length));
    const texts = [...new Set(tries.flatMap((one) => one.flaws.slice(0, 1).map(([, text]) => text)))];
    this.#wrong(place, texts.join(', or ') || 'fits none of what it may be', value);
  }

  #referred(reference: string): unknown {
    if (!reference.startsWith('#')) return true;
    let at: unknown = this.#root;
    for (const part of decodeURIComponent(reference.slice(1)).split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      if ((!isObject(at) && !Array.isArray(at)) || !Object.hasOwn(at, key)) return true;
      at = (at as Record<string, unknown>)[key];
    }
    return at;
  }

  #number(schema: JsonSchema, value: number, place: string): void {
    const rules: readonly (readonly [string, (limit: number) => boolean, string])[] = [
      ['minimum', (limit) => value >= limit, 'at least'],
      ['maximum', (limit) => value <= limit, 'at most'],
      ['exclusiveMinimum', (limit) => value > limit, 'more than'],
      ['exclusiveMaximum', (limit) => value < limit, 'less than'],
    ];
    for (const [name, holds, words] of rules) {
      const limit = schema[name];
      if (typeof limit === 'number' && !holds(limit)) this.#wrong(place, `must be ${words} ${limit}`, value);
    }
    const step = schema['multipleOf'];
    if (typeof step === 'number' && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9) {
      this.#wrong(place, `must be a multiple of ${step}`, value);
    }
  }

  #text(schema: JsonSchema, value: string, place: string): void {
    const least = schema['minLength'];
    const most = schema['maxLength'];
    const count = typeof least === 'number' || typeof most === 'number' ? [...value].length : 0;
    if (typeof least === 'number' && count < least) this.#wrong(place, `must have at least ${least} characters`, value);
    if (typeof most === 'number' && count > most) this.#wrong(place, `must have at most ${most} characters`, value);
    const pattern = schema['pattern'];
    if (typeof pattern === 'string' && this.#pattern(pattern)?.test(value) === false) {
      this.#wrong(place, `must be as /${pattern}/ says`, value);
    }
  }

  /** Undefined: it is none of JavaScript's; cerebro knows it. */
  #pattern(text: string): RegExp | undefined {
    if (!this.#patterns.has(text)) {
      let made: RegExp | undefined;
      try {
        made = new RegExp(text, 'u');
      } catch {
        made = undefined;
      }
      this.#patterns.set(text, made);
    }
    return this.#patterns.get(text);
  }

  #list(schema: JsonSchema, value: unknown[], place: string, depth: number): unknown[] {
    this.#count(schema, 'Items', value.length, place);
    const first = listOf(schema['prefixItems']);
    const out = value.map((one, index) => {
      const of = index < first.length ? first[index] : schema['items'];
      return this.at(of, one, within(place, index), depth + 1);
    });
    if (schema['uniqueItems'] === true) {
      const texts = new Set(out.map(dumps));
      if (texts.size < out.length) this.#wrong(place, 'has the same twice', value);
    }
    return out;
  }

  #object(schema: JsonSchema, value: Record<string, unknown>, place: string, depth: number): Record<string, unknown> {
    const names = Object.keys(value);
    this.#count(schema, 'Properties', names.length, place);
    const known = isObject(schema['properties']) ? schema['properties'] : {};
    const patterns = isObject(schema['patternProperties']) ? Object.entries(schema['patternProperties']) : [];
    const parts: [string, unknown][] = names.map((name) => {
      const inside = within(place, name);
      const matching = patterns.filter(([pattern]) => this.#pattern(pattern)?.test(name) ?? true);
      let part = value[name];
      if (Object.hasOwn(known, name)) part = this.at(known[name], part, inside, depth + 1);
      for (const [, of] of matching) part = this.at(of, part, inside, depth + 1);
      if (Object.hasOwn(known, name) || matching.length > 0) return [name, part];
      if (schema['additionalProperties'] === false) {
        const words = Object.keys(known).join(', ') || 'none';
        return [name, this.#wrong(inside, `is not known; known: ${words}`, part)];
      }
      return [name, this.at(schema['additionalProperties'], part, inside, depth + 1)];
    });
    for (const [name, of] of Object.entries(known)) {
      if (Object.hasOwn(value, name) || !isObject(of) || !('default' in of)) continue;
      parts.push([name, structuredClone(of['default'])]);
    }
    // Unlike an assignment, this makes `__proto__` a field as any other.
    const out: Record<string, unknown> = Object.fromEntries(parts);
    for (const name of listOf(schema['required'])) {
      if (typeof name === 'string' && !Object.hasOwn(out, name)) {
        this.#wrong(within(place, name), `is missing; it must be ${wanted(known[name])}`, value);
      }
    }
    return out;
  }

  #count(schema: JsonSchema, of: 'Items' | 'Properties', count: number, place: string): void {
    const [least, most] = [schema[`min${of}`], schema[`max${of}`]];
    const words = of === 'Items' ? 'values' : 'fields';
    if (typeof least === 'number' && count < least)
      this.#wrong(place, `must have at least ${least} ${words}`, undefined);
    if (typeof most === 'number' && count > most) this.#wrong(place, `must have at most ${most} ${words}`, undefined);
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function wanted(schema: unknown): string {
  if (!isObject(schema)) return 'given';
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].map(dumps).join(', ')}`;
  return [schema['type']]
    .flat()
    .map((one) => TYPE_WORDS[String(one)] ?? 'given')
    .join(' or ');
}
