// What the JSON Schema of flows says about a place: keys that may stand there, and values of a key.
import type { Place, Step } from './place';

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  enum?: unknown[];
  pattern?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  required?: string[];
  description?: string;
  default?: unknown;
}

export interface Offer {
  label: string;
  description: string;
  /** A map or a list stands below its key. */
  below?: boolean;
  required?: boolean;
}

/** The schemas that may hold, without references and choices. */
function plain(root: Schema, schema: Schema): Schema[] {
  if (schema.$ref) {
    const found = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return found ? plain(root, found) : [];
  }
  // Of a map, `anyOf` only says which of its keys must be there.
  if (schema.properties) return [schema];
  return (schema.oneOf ?? schema.anyOf)?.flatMap((one) => plain(root, one)) ?? [schema];
}

/** Of several kinds of things, those of the type that is said. */
function ofType(schemas: Schema[], type: string | undefined): Schema[] {
  if (type === undefined) return schemas;
  const fitting = schemas.filter((one) => {
    const words = one.properties?.type;
    return words?.enum?.includes(type) ?? (words?.pattern !== undefined && new RegExp(words.pattern).test(type));
  });
  return fitting.length > 0 ? fitting : schemas;
}

function inside(root: Schema, schemas: Schema[], step: Step): Schema[] {
  if (step.item) return schemas.flatMap((one) => (one.items ? plain(root, one.items) : []));
  return ofType(schemas, step.type).flatMap((one) => {
    const found = one.properties?.[step.key ?? ''];
    if (found) return plain(root, found);
    return typeof one.additionalProperties === 'object' ? plain(root, one.additionalProperties) : [];
  });
}

function schemasAt(root: Schema, place: Place): Schema[] {
  const steps = place.path;
  const schemas = steps.reduce((now, step) => inside(root, now, step), [root]);
  return ofType(
    schemas.filter((one) => one.properties),
    place.type,
  );
}

function isBelow(root: Schema, schema: Schema): boolean {
  return plain(root, schema).every((one) => one.type === 'object' || one.type === 'array');
}

/** Keys that may stand at the place and do not yet. */
export function keysAt(root: Schema, place: Place): Offer[] {
  const offers = new Map<string, Offer>();
  for (const schema of schemasAt(root, place)) {
    for (const [label, one] of Object.entries(schema.properties ?? {})) {
      if (offers.has(label) || place.siblings.includes(label)) continue;
      const required = schema.required?.includes(label) ?? false;
      offers.set(label, { label, description: one.description ?? '', below: isBelow(root, one), required });
    }
  }
  return [...offers.values()];
}

/** Values of the key at the place, where they can be counted. */
export function valuesAt(root: Schema, place: Place): Offer[] {
  const key = place.key;
  if (key === undefined) return [];
  const offers = new Map<string, Offer>();
  const add = (value: unknown, schema: Schema): void => {
    offers.set(String(value), { label: String(value), description: schema.description ?? '' });
  };
  for (const holder of schemasAt(root, key === 'type' ? { ...place, type: undefined } : place)) {
    const found = holder.properties?.[key];
    if (!found) continue;
    for (const one of plain(root, found)) {
      // What a type of tasks is for says more than what `type` means.
      for (const value of one.enum ?? []) add(value, key === 'type' && holder.description ? holder : one);
      if (one.type === 'boolean') for (const value of [true, false]) add(value, one);
    }
  }
  return [...offers.values()];
}

/** The ids of all tasks in a text, for `needs`. */
export function taskIds(text: string): string[] {
  const ids = text.matchAll(/^\s*(?:- +)?\{?\s*(?:.*[{,]\s*)?id:\s*["']?([a-z0-9][\w.-]*)/gm);
  return [...new Set([...ids].map((found) => found[1] ?? ''))];
}
