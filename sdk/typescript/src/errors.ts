/** What tasks throw, and how an error becomes the `error` of a message. */
import { type Duration, secondsOf } from './durations.ts';
import { clean, fit, type JsonObject } from './texts.ts';

const CODE_MAX = 64;
const MESSAGE_MAX = 16_000;
const STACK_MAX = 16_000;
const CAUSES_MAX = 10;
const FRAMES_MAX = 60;

/** The network and the machine: what fails so may do well the next time, and is nobody's fault in the task. */
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOMEM',
  'ENOSPC',
  'EMFILE',
]);
/** The same code with the same installation fails in the same way again. */
const HOPELESS = new Set(['SyntaxError', 'ReferenceError']);
const HOPELESS_CODES = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

export type ErrorKind = 'user' | 'system' | 'upstream' | 'timeout' | 'lost' | 'cancel';
export type ErrorPhase = 'acknowledge' | 'start' | 'run' | 'result' | 'infra';

/** The `error` of a `task.error`. */
export interface ErrorData {
  code: string;
  message: string;
  phase: ErrorPhase;
  kind: ErrorKind;
  retryable: boolean;
  retry_after_s?: number;
  detail?: JsonObject;
  stack?: string;
  cause?: string[];
}

/** What is wrong with how the package is used. The message says what would be right. */
export class CordynaError extends Error {
  override name = 'CordynaError';
}

/** A task cannot be declared as it is written. */
export class DeclarationError extends CordynaError {
  override name = 'DeclarationError';
}

/** Inputs that a task does not take. */
export class BadInput extends CordynaError {
  override name = 'BadInput';
}

/** A result that is not what the task says it gives, or is no JSON. */
export class BadOutput extends CordynaError {
  override name = 'BadOutput';
}

/** The attempt is to end: the reason of its signal, and what the context throws then. */
export class Cancelled extends Error {
  override name = 'Cancelled';
  readonly reason: string;

  constructor(reason: string) {
    super(`the attempt is to end: ${reason}`);
    this.reason = reason;
  }
}

export interface TaskErrorOptions {
  /** Whether another attempt may help; it may. */
  retryable?: boolean;
  retryAfter?: Duration;
  kind?: ErrorKind;
  /** More, for programs. */
  detail?: JsonObject;
  cause?: unknown;
}

/** Thrown by a task that says itself how it failed. `code`: capital letters, digits and `_`. */
export class TaskError extends Error {
  override name = 'TaskError';
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterS: number | undefined;
  readonly kind: ErrorKind;
  readonly detail: JsonObject | undefined;

  constructor(code: string, message: string, options: TaskErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = codeOf(code);
    this.retryable = options.retryable ?? true;
    this.retryAfterS = options.retryAfter === undefined ? undefined : secondsOf(options.retryAfter);
    this.kind = options.kind ?? 'user';
    this.detail = options.detail;
  }
}

/** `TypeError` and `type error` become TYPE_ERROR. */
export function codeOf(name: string): string {
  const apart = name.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toUpperCase();
  const code = apart.replace(/[^A-Z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  return code.slice(0, CODE_MAX) || 'ERROR';
}

/** Of anything that was thrown. No value of a variable is in it, only what the message says. */
export function errorData(thrown: unknown, phase: ErrorPhase = 'run'): ErrorData {
  const systemCode = systemCodeOf(thrown);
  const name = nameOf(thrown);
  const data: ErrorData = {
    code: codeOf(systemCode || name),
    message: messageOf(thrown),
    phase,
    kind: SYSTEM_CODES.has(systemCode) || name === 'TimeoutError' ? 'system' : 'user',
    retryable: !HOPELESS.has(name) && !HOPELESS_CODES.has(systemCode),
  };
  if (thrown instanceof BadOutput) Object.assign(data, { phase: 'result', retryable: false });
  if (thrown instanceof TaskError) {
    Object.assign(data, { code: thrown.code, kind: thrown.kind, retryable: thrown.retryable });
    if (thrown.retryAfterS !== undefined) data.retry_after_s = thrown.retryAfterS;
    if (thrown.detail !== undefined) data.detail = thrown.detail;
  }
  const stack = stackOf(thrown);
  if (stack !== '') data.stack = stack;
  const causes = causesOf(thrown);
  if (causes.length > 0) data.cause = causes;
  return data;
}

/** Never empty. */
export function messageOf(thrown: unknown): string {
  let said = '';
  try {
    said = clean(thrown instanceof Error ? String(thrown.message) : String(thrown)).trim();
  } catch {
    // A toString of somebody else's.
  }
  return said === '' ? `${nameOf(thrown)}, without a message` : fit(said, MESSAGE_MAX);
}

function nameOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'Error';
  const own = thrown.constructor?.name ?? '';
  // Who has given neither class nor name of its own says no more than that it is an error.
  const said = typeof thrown.name === 'string' && thrown.name !== 'Error' ? thrown.name : own;
  return said || 'Error';
}

/** As Node.js gives it: ECONNREFUSED, ERR_INVALID_URL. */
function systemCodeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  const code: unknown = (thrown as { code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : '';
}

const OWN_FOLDER = new URL('.', import.meta.url);

/** Files, lines and functions; without the frames of this package and of Node.js itself at its end. */
export function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return '';
  const frames = thrown.stack.split('\n').filter((line) => /^\s*at /.test(line));
  while (frames.length > 0 && isOurs(frames.at(-1) ?? '')) frames.pop();
  const shown = frames.map((line) => clean(line.trim()).replaceAll('file://', ''));
  if (shown.length > FRAMES_MAX) {
    const half = FRAMES_MAX / 2;
    shown.splice(half, shown.length - FRAMES_MAX, `(${shown.length - FRAMES_MAX} frames)`);
  }
  return fit(shown.join('\n'), STACK_MAX);
}

function isOurs(frame: string): boolean {
  return frame.includes(OWN_FOLDER.href) || frame.includes(OWN_FOLDER.pathname) || frame.includes('node:internal');
}

/** What led to it, the nearest first. */
export function causesOf(thrown: unknown): string[] {
  const found: string[] = [];
  const seen = new Set<unknown>([thrown]);
  const waiting = innerOf(thrown);
  while (waiting.length > 0 && found.length < CAUSES_MAX) {
    const one = waiting.shift();
    if (seen.has(one)) continue;
    seen.add(one);
    found.push(fit(`${nameOf(one)}: ${messageOf(one)}`, 1000));
    waiting.unshift(...innerOf(one));
  }
  return found;
}

function innerOf(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error)) return [];
  const parts = thrown instanceof AggregateError ? [...thrown.errors] : [];
  return thrown.cause === undefined ? parts : [thrown.cause, ...parts];
}
