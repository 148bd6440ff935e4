/** Values as JSON, and the places in them. */
import { clean, isObject } from '../texts.ts';

/** What is wrong with a value: where (`#/inputs/day`), and what would be right. */
export type ValueFlaw = readonly [place: string, text: string];

/** Messages are at most 32 deep, and have an output some levels down. */
const DEPTH_MAX = 24;
export const FLAWS_MAX = 10;

/** RFC 6901. */
export function within(place: string, key: string | number): string {
  return `${place}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function flawsText(flaws: readonly ValueFlaw[]): string {
  return flaws.map(([place, text]) => `${place}: ${text}`).join('; ');
}

/**
 * The value as one line of JSON; undefined: it is none. `flaws` gets what has no JSON, instead of the null or nothing
 * that JSON.stringify would make of it.
 */
export function jsonOf(value: unknown, place: string, flaws: ValueFlaw[], depth = 0): string | undefined {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'string':
      return JSON.stringify(clean(value));
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value);
      return flaw(flaws, place, `${value} has no JSON`);
    case 'bigint':
      return flaw(flaws, place, 'a bigint has no JSON: give a number, or a text');
    case 'object':
      break;
    default:
      return flaw(flaws, place, `${value === undefined ? 'undefined' : `a ${typeof value}`} has no JSON`);
  }
  if (depth > DEPTH_MAX) return flaw(flaws, place, `lies more than ${DEPTH_MAX} levels deep, or within itself`);
  if (Array.isArray(value)) {
    const parts = value.map((one: unknown, index) => jsonOf(one, within(place, index), flaws, depth + 1));
    return `[${parts.join(',')}]`;
  }
  const custom: unknown = (value as { toJSON?: unknown }).toJSON;
  if (typeof custom === 'function') {
    const made: unknown = custom.call(value, '');
    return jsonOf(made, place, flaws, depth + 1);
  }
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) {
    const kind = value.constructor.name;
    return flaw(
      flaws,
      place,
      `a ${kind} has no JSON: give an object or a list, as Object.fromEntries or [...] make it`,
    );
  }
  const parts = [];
  for (const [name, one] of Object.entries(value)) {
    if (one === undefined) continue;
    parts.push(`${JSON.stringify(clean(name))}:${jsonOf(one, within(place, name), flaws, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
}

function flaw(flaws: ValueFlaw[], place: string, text: string): undefined {
  if (flaws.length < FLAWS_MAX) flaws.push([place, text]);
  return undefined;
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? String(value) : `the number ${String(value)}`;
}

/** Whether two values are the same JSON. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => isSame(value, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]));
}
