// Whether a value fits an input, by the rules of the server; it has the last word.
import { millisIn, shortDuration } from '../../text/durations';
import { counted } from '../../text/numbers';
import { isTemplate, typeOf, valuesOf, type InputSpec, type InputType } from './spec';

const INT = /^[+-]?\d+$/;
const FLOAT = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const INT_MAX = 2n ** 63n - 1n;

type Flaw = string | undefined;

function isDate(text: string): boolean {
  const found = DATE.exec(text);
  if (!found) return false;
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function intFlaw(text: string): Flaw {
  if (!INT.test(text)) return 'A whole number is wanted.';
  const value = BigInt(text);
  return value > INT_MAX || value < -INT_MAX - 1n ? 'A number of 64 bits is wanted.' : undefined;
}

function jsonFlaw(text: string): Flaw {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `JSON is wanted, with strings in double quotes: ${error instanceof Error ? error.message : 'it is none'}`;
  }
}

const FORMS: Partial<Record<InputType, (text: string) => Flaw>> = {
  int: intFlaw,
  float: (text) => (FLOAT.test(text) ? undefined : 'A number is wanted.'),
  bool: (text) => (text === 'true' || text === 'false' ? undefined : 'true or false is wanted.'),
  date: (text) => (isDate(text) ? undefined : 'A date like 2026-11-21 is wanted.'),
  datetime: (text) =>
    TIME.test(text) && !Number.isNaN(Date.parse(text)) ? undefined : 'A time like 2026-11-21T10:30:00Z is wanted.',
  duration: (text) =>
    millisIn(text) === undefined ? 'A duration like 250ms, 10s, 5m, 1h30m or 1d is wanted.' : undefined,
  json: jsonFlaw,
  file: (text) => (text === '' ? 'The path of a file is wanted.' : undefined),
  secret: (text) =>
    NAME.test(text) ? undefined : 'The name of a secret is wanted: letters, digits and _, no digit first.',
};

/** As numbers that can be compared; dates compare as texts do. */
function measure(type: InputType, value: string): number | string | undefined {
  if (type === 'int' || type === 'float') return Number(value);
  if (type === 'datetime') return Date.parse(value);
  if (type === 'duration') return millisIn(value);
  return type === 'date' ? value : undefined;
}

function boundsFlaw(spec: InputSpec, text: string): Flaw {
  const type = typeOf(spec);
  const value = measure(type, text);
  if (value === undefined) return undefined;
  const beyond = (bound: string | number | undefined, wrong: (limit: number | string) => boolean): boolean => {
    const limit = bound === undefined ? undefined : measure(type, String(bound));
    return limit !== undefined && wrong(limit);
  };
  if (beyond(spec.min, (limit) => value < limit)) return `At least ${shortDuration(String(spec.min))} is wanted.`;
  if (beyond(spec.max, (limit) => value > limit)) return `At most ${shortDuration(String(spec.max))} is wanted.`;
  return undefined;
}

/** Rust's syntax is nearly that of a browser; what is not is left to the server. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(text);
  } catch {
    return true;
  }
}

function stringFlaw(spec: InputSpec, text: string): Flaw {
  const length = [...text].length;
  if (spec.min_length !== undefined && length < spec.min_length) {
    return `At least ${counted(spec.min_length, 'character')} are wanted, not ${length}.`;
  }
  if (spec.max_length !== undefined && length > spec.max_length) {
    return `At most ${counted(spec.max_length, 'character')} are wanted, not ${length}.`;
  }
  if (spec.match && !matches(spec.match, text)) return `It must be as ${spec.match} says, as a whole.`;
  return undefined;
}

/** What is wrong with one value, as on a command line. */
export function textFlaw(spec: InputSpec, text: string, templates = false): Flaw {
  if (templates && isTemplate(text)) return undefined;
  const type = typeOf(spec);
  const form = FORMS[type]?.(text);
  if (form) return form;
  if (type === 'select' && !spec.values?.includes(text)) return `Choose one of ${valuesOf(spec)}.`;
  return type === 'string' ? stringFlaw(spec, text) : boundsFlaw(spec, text);
}

function itemFlaw(spec: InputSpec, item: string, templates: boolean): Flaw {
  if (templates && isTemplate(item)) return undefined;
  if (spec.type === 'multiselect') return spec.values?.includes(item) ? undefined : `Choose from ${valuesOf(spec)}.`;
  return FORMS[spec.items ?? 'string']?.(item);
}

/** What is wrong with a list. */
export function listFlaw(spec: InputSpec, items: string[], templates = false): Flaw {
  for (const [place, item] of items.entries()) {
    const flaw = itemFlaw(spec, item, templates);
    if (flaw) return `Item ${place + 1}: ${flaw}`;
  }
  if (spec.min_items !== undefined && items.length < spec.min_items) {
    return `At least ${counted(spec.min_items, 'item')} ${spec.min_items === 1 ? 'is' : 'are'} wanted.`;
  }
  if (spec.max_items !== undefined && items.length > spec.max_items) {
    return `At most ${counted(spec.max_items, 'item')} ${spec.max_items === 1 ? 'is' : 'are'} wanted, not ${items.length}.`;
  }
  return undefined;
}
