/** Messages of cerebro, read and looked at: what this server needs of them is there, and of its kind. Pure. */
import { isObject } from './texts.ts';

const PREFIX = 'cordyna.';
const SUFFIX = '.v1';

/** What cannot be taken. */
export class Flaw {
  readonly code: string;
  readonly text: string;
  readonly path: string;
  readonly of: string;

  constructor(code: string, text: string, path = '#', of = '') {
    this.code = code;
    this.text = text;
    this.path = path;
    this.of = of;
  }

  /** As the data of a message.problem. */
  data(): Record<string, unknown> {
    const out = { code: this.code, message: this.text, path: this.path, fatal: false };
    return this.of === '' ? out : { of: this.of, ...out };
  }
}

export interface Welcome {
  protocol: number;
  session: string;
  heartbeat_s: number;
  lease_s: number;
  message_max: number;
  want_declaration: boolean;
}
export interface Declared {
  revision: number;
  accepted: string[];
  rejected: Record<string, unknown>[];
}
export interface Resumed {
  attempts: { attempt: string; fate: string }[];
}
export interface Lease {
  lease_s: number;
  cancels?: string[];
  drain?: unknown;
}
export interface Goodbye {
  code: string;
  reason?: string;
  reconnect_after_s?: number;
}
export interface DrainWish {
  reason?: string;
  deadline_s?: number;
}
export interface Receipt {
  ids?: string[];
  upto?: number;
}
export interface Problem {
  code: string;
  message: string;
  fatal: boolean;
  of?: unknown;
  path?: unknown;
}
export interface Invoke {
  attempt: string;
  run: string;
  task: string;
  fence: Record<string, unknown>;
  revision: number;
  idempotency_key: string;
  inputs: Record<string, unknown>;
  inputs_ref?: unknown;
  upstream: Record<string, unknown>[];
  trigger: Record<string, unknown>;
  deadlines: Record<string, unknown>;
}
export interface Cancel {
  attempt: string;
  fence: Record<string, unknown>;
  reason: string;
  grace_s: number;
}
export interface Fenced {
  attempt: string;
  reason?: string;
}
export interface Extended {
  attempt: string;
  granted_s: number;
}

/** Data of messages by their types. */
export interface Incoming {
  'server.welcome': Welcome;
  'server.declared': Declared;
  'server.resumed': Resumed;
  'server.lease': Lease;
  'server.goodbye': Goodbye;
  'server.drain': DrainWish;
  'message.receipt': Receipt;
  'message.problem': Problem;
  'task.invoke': Invoke;
  'task.cancel': Cancel;
  'task.fenced': Fenced;
  'task.extended': Extended;
}
export type IncomingType = keyof Incoming;

/** `type` without what all types share. */
export type Received = {
  [T in IncomingType]: { readonly id: string; readonly type: T; readonly session: string; readonly data: Incoming[T] };
}[IncomingType];

/** Each message by itself. What is of a type that nobody knows is left out. */
export function readFrame(text: string): (Received | Flaw)[] {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    return [new Flaw('malformed', `is no JSON: ${(error as Error).message}`)];
  }
  const found = [];
  for (const one of Array.isArray(whole) ? whole : [whole]) {
    const message = read(one);
    if (message !== undefined) found.push(message);
  }
  return found;
}

function read(one: unknown): Received | Flaw | undefined {
  if (!isObject(one)) return new Flaw('malformed', 'must be an object');
  const { id, type, data, session } = one;
  if (typeof id !== 'string' || id === '' || id.length > 128) {
    return new Flaw('malformed', 'must be a text of 1 to 128 bytes', '#/id');
  }
  if (typeof type !== 'string') return new Flaw('malformed', 'must be a text', '#/type', id);
  if (!type.startsWith(PREFIX) || !type.endsWith(SUFFIX)) return undefined;
  const short = type.slice(PREFIX.length, -SUFFIX.length);
  const fields = Object.hasOwn(FIELDS, short) ? FIELDS[short as IncomingType] : undefined;
  if (fields === undefined) return undefined;
  if (!isObject(data)) return new Flaw('malformed', 'must be an object', '#/data', id);
  for (const [name, kind, required] of fields) {
    if (!Object.hasOwn(data, name)) {
      if (required) return new Flaw('invalid', 'is missing', `#/data/${name}`, id);
    } else if (!FITS[kind](data[name])) {
      return new Flaw('invalid', `must be ${WANTED[kind]}`, `#/data/${name}`, id);
    }
  }
  return { id, type: short, session: typeof session === 'string' ? session : '', data } as unknown as Received;
}

type FieldKind = 'text' | 'name' | 'integer' | 'number' | 'flag' | 'object' | 'texts' | 'objects' | 'fates';
type Field = readonly [name: string, kind: FieldKind, required: boolean];

const isName = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= 512;
const isObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

const FITS: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  name: isName,
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  flag: (value) => typeof value === 'boolean',
  object: isObject,
  texts: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  objects: isObjects,
  fates: (value) =>
    isObjects(value) &&
    (value as Record<string, unknown>[]).every((one) => isName(one['attempt']) && typeof one['fate'] === 'string'),
};
const WANTED: Readonly<Record<FieldKind, string>> = {
  text: 'a text',
  name: 'a text of 1 to 512 bytes',
  integer: 'an integer',
  number: 'a number',
  flag: 'true or false',
  object: 'an object',
  texts: 'a list of texts',
  objects: 'a list of objects',
  fates: 'a list of objects with attempt and fate',
};
const ATTEMPT: Field = ['attempt', 'name', true];

/** Of each message that cerebro sends: what this server reads of its data. */
const FIELDS: Readonly<Record<IncomingType, readonly Field[]>> = {
  'server.welcome': [
    ['protocol', 'integer', true],
    ['session', 'text', true],
    ['heartbeat_s', 'number', true],
    ['lease_s', 'number', true],
    ['message_max', 'integer', true],
    ['want_declaration', 'flag', true],
  ],
  'server.declared': [
    ['revision', 'integer', true],
    ['accepted', 'texts', true],
    ['rejected', 'objects', true],
  ],
  'server.resumed': [['attempts', 'fates', true]],
  'server.lease': [
    ['lease_s', 'number', true],
    ['cancels', 'texts', false],
  ],
  'server.goodbye': [
    ['code', 'text', true],
    ['reason', 'text', false],
    ['reconnect_after_s', 'number', false],
  ],
  'server.drain': [
    ['reason', 'text', false],
    ['deadline_s', 'number', false],
  ],
  'message.receipt': [
    ['ids', 'texts', false],
    ['upto', 'integer', false],
  ],
  'message.problem': [
    ['code', 'text', true],
    ['message', 'text', true],
    ['fatal', 'flag', true],
  ],
  'task.invoke': [
    ATTEMPT,
    ['run', 'text', true],
    ['task', 'text', true],
    ['fence', 'object', true],
    ['revision', 'integer', true],
    ['idempotency_key', 'text', true],
    ['inputs', 'object', true],
    ['upstream', 'objects', true],
    ['trigger', 'object', true],
    ['deadlines', 'object', true],
  ],
  'task.cancel': [ATTEMPT, ['fence', 'object', true], ['reason', 'text', true], ['grace_s', 'number', true]],
  'task.fenced': [ATTEMPT, ['reason', 'text', false]],
  'task.extended': [ATTEMPT, ['granted_s', 'number', true]],
};
