/** A small builder of JSON Schema, whose types are those of the values. */
import { isObject } from '../texts.ts';
import type { JsonSchema } from './check.ts';

/** `T`: of the value as a function has it. `Required`: whether a field of it has to be there. */
export class Schema<T, Required extends boolean = true> {
  readonly json: JsonSchema;
  readonly isRequired: boolean;
  /** Of types alone: there is no such value. */
  declare readonly _type: T;
  declare readonly _required: Required;

  constructor(json: JsonSchema, isRequired = true) {
    this.json = json;
    this.isRequired = isRequired;
  }

  /** As a field it may be missing. */
  optional(): Schema<T, false> {
    return new Schema<T, false>(this.json, false);
  }

  /** As a field it may be missing, and is this then. */
  default(value: T): Schema<T, true> {
    return new Schema<T, true>({ ...this.json, default: value }, false);
  }

  /** What it is, for people. */
  describe(description: string): Schema<T, Required> {
    return new Schema<T, Required>({ ...this.json, description }, this.isRequired);
  }
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- any value's schema */
export type AnySchema = Schema<any, boolean>;
export type Fields = { readonly [name: string]: AnySchema };

/** The type of the values of a schema. */
export type Infer<S> = S extends Schema<infer T, boolean> ? T : never;

type RequiredNames<F extends Fields> = { [N in keyof F]: F[N]['_required'] extends true ? N : never }[keyof F];
type Flat<T> = { [N in keyof T]: T[N] };
/** The type of an object of such fields. */
export type ObjectOf<F extends Fields> = Flat<
  { [N in RequiredNames<F>]: Infer<F[N]> } & { [N in Exclude<keyof F, RequiredNames<F>>]?: Infer<F[N]> }
>;

export interface TextRules {
  minLength?: number;
  maxLength?: number;
  /** A regular expression, without look-around and back-references. */
  pattern?: string;
  /** As "date", "date-time", "email", "uuid": looked at by cerebro. */
  format?: string;
}
export interface NumberRules {
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
}
export interface ListRules {
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
}

/** An object of fields; `open`: others are let in. */
export function objectOf<F extends Fields>(fields: F, open = false): Schema<ObjectOf<F>> {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => field.isRequired).map(([name]) => name);
  return new Schema<ObjectOf<F>>({
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, field.json])),
    ...(required.length > 0 ? { required } : {}),
    ...(open ? {} : { additionalProperties: false }),
  });
}

export const s = {
  any: () => new Schema<unknown>({}),
  null: () => new Schema<null>({ type: 'null' }),
  boolean: () => new Schema<boolean>({ type: 'boolean' }),
  integer: (rules: NumberRules = {}) => new Schema<number>({ type: 'integer', ...rules }),
  number: (rules: NumberRules = {}) => new Schema<number>({ type: 'number', ...rules }),
  string: (rules: TextRules = {}) => new Schema<string>({ type: 'string', ...rules }),
  /** One of these. */
  enum: <const V extends readonly (string | number | boolean | null)[]>(...values: V) =>
    new Schema<V[number]>({ enum: values }),
  array: <T>(item: Schema<T, boolean>, rules: ListRules = {}) =>
    new Schema<T[]>({ type: 'array', items: item.json, ...rules }),
  /** A list of just so many values, each of its kind. */
  tuple: <const S extends readonly AnySchema[]>(...items: S) =>
    new Schema<{ -readonly [N in keyof S]: Infer<S[N]> }>({
      type: 'array',
      prefixItems: items.map((item) => item.json),
      items: false,
      minItems: items.length,
    }),
  object: <F extends Fields>(fields: F) => objectOf(fields),
  /** The same, with other fields let in. */
  openObject: <F extends Fields>(fields: F) => objectOf(fields, true),
  /** An object with any names. */
  record: <T>(value: Schema<T, boolean>) =>
    new Schema<Record<string, T>>({ type: 'object', additionalProperties: value.json }),
  union: <const S extends readonly AnySchema[]>(...of: S) =>
    new Schema<Infer<S[number]>>({ anyOf: of.map((one) => one.json) }),
  nullable: <T>(of: Schema<T, boolean>) => new Schema<T | null>({ anyOf: [of.json, { type: 'null' }] }),
  /** A JSON Schema as it stands; the type is the caller's word. */
  json: <T = unknown>(schema: JsonSchema) => new Schema<T>(schema),
};

/** What a task may say of its inputs or its output: a schema, fields of an object, or JSON Schema. */
export type SchemaLike = AnySchema | Fields | JsonSchema;

/** The type of the values that it describes; of JSON Schema nothing is known. */
export type ValueOf<S> = S extends Schema<infer T, boolean> ? T : S extends Fields ? ObjectOf<S> : unknown;

/** As JSON Schema. */
export function jsonSchemaOf(like: SchemaLike): JsonSchema {
  if (like instanceof Schema) return like.json as JsonSchema;
  const parts = Object.values(like);
  return parts.every((one) => one instanceof Schema) ? objectOf(like as Fields).json : (like as JsonSchema);
}

/** Whether it could be a JSON Schema at all. */
export function isSchemaLike(value: unknown): value is SchemaLike {
  return value instanceof Schema || isObject(value);
}
