// Inputs of a flow, or of a task that asks a person, as the canonical form has them.
import { shortDuration } from '../../text/durations';
import { listed } from '../../text/numbers';

export type ItemType = 'string' | 'int' | 'float' | 'bool' | 'date' | 'datetime' | 'duration';
export type InputType = ItemType | 'json' | 'select' | 'multiselect' | 'array' | 'file' | 'secret';
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface InputSpec {
  id: string;
  /** Without it a string. */
  type?: InputType;
  description?: string;
  default?: Json;
  /** Only said where it is false: else an input without a default must be given. */
  required?: boolean;
  values?: string[];
  items?: ItemType;
  min?: string | number;
  max?: string | number;
  match?: string;
  min_length?: number;
  max_length?: number;
  min_items?: number;
  max_items?: number;
}

export function typeOf(spec: InputSpec): InputType {
  return spec.type ?? 'string';
}

export function isList(spec: InputSpec): boolean {
  return spec.type === 'array' || spec.type === 'multiselect';
}

export function isRequired(spec: InputSpec): boolean {
  return spec.default === undefined && spec.required !== false;
}

/** A template over the run: what comes of it is known when that begins. */
export function isTemplate(value: unknown): value is string {
  return typeof value === 'string' && value.includes('{{');
}

/** A default that the form can show as a value. */
export function plainDefault(spec: InputSpec): Json | undefined {
  return JSON.stringify(spec.default ?? null).includes('{{') ? undefined : spec.default;
}

const SUCH: Record<InputType, string> = {
  string: 'text',
  int: 'a whole number',
  float: 'a number',
  bool: 'true or false',
  date: 'a date',
  datetime: 'a time',
  duration: 'a duration, like 1h30m',
  json: 'JSON',
  select: 'one of its values',
  multiselect: 'some of its values',
  array: 'a list',
  file: 'a file that the server can read: its path, from the folder of the flow',
  secret: 'the name of a secret, never its value',
};

const ITEMS: Record<ItemType, string> = {
  string: 'texts',
  int: 'whole numbers',
  float: 'numbers',
  bool: 'true or false',
  date: 'dates',
  datetime: 'times',
  duration: 'durations',
};

function bound(value: string | number): string {
  return typeof value === 'string' ? shortDuration(value) : String(value);
}

function range(least: string | undefined, most: string | undefined, unit = ''): string[] {
  const of = (value: string): string => (unit === '' ? value : `${value} ${unit}${value === '1' ? '' : 's'}`);
  if (least !== undefined && most !== undefined) return [`${least} to ${of(most)}`];
  if (least !== undefined) return [`at least ${of(least)}`];
  return most === undefined ? [] : [`at most ${of(most)}`];
}

const text = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value));

/** Types of which the control says enough. */
const PLAIN = new Set<InputType>(['string', 'bool', 'date', 'datetime', 'select', 'multiselect']);

/** "a whole number, 1 to 100": what the input takes; nothing where that goes without saying. */
export function rulesOf(spec: InputSpec): string {
  const type = typeOf(spec);
  const what = type === 'array' ? `a list of ${ITEMS[spec.items ?? 'string']}` : SUCH[type];
  const bounds = [
    ...range(
      spec.min === undefined ? undefined : bound(spec.min),
      spec.max === undefined ? undefined : bound(spec.max),
    ),
    ...range(text(spec.min_length), text(spec.max_length), 'character'),
    ...range(text(spec.min_items), text(spec.max_items), 'item'),
    ...(spec.match ? [`as ${spec.match}`] : []),
  ];
  return (PLAIN.has(type) ? bounds : [what, ...bounds]).join(', ');
}

/** "story, polk and dallas", of many values the first ones. */
export function valuesOf(spec: InputSpec, most = 12): string {
  const values = spec.values ?? [];
  return values.length <= most
    ? listed(values)
    : `${values.slice(0, most).join(', ')} and ${values.length - most} more`;
}
