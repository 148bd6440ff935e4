// A canonical form as text that a person reads: keys in the order in which flows are written, durations short.
import { stringify } from 'yaml';
import { millisIn, shortDuration } from '../../text/durations';

const FIRST = ['id', 'namespace', 'type', 'description', 'owner', 'labels', 'needs', 'run_if', 'trigger_rule'];
const FLOW_END = ['tasks', 'errors', 'finally', 'outputs', 'triggers'];
const TASK_END = ['script', 'message', 'sql', 'cases', 'default', 'tasks', 'retry', 'timeouts', 'timeout'];
const DURATIONS = new Set(
  ['timeout', 'acknowledge', 'start', 'complete', 'delay', 'max_delay', 'window', 'jitter', 'within', 'wait'].concat([
    'tolerance',
    'debounce',
    'time',
    'for',
  ]),
);

function rank(key: string, end: string[]): number {
  const first = FIRST.indexOf(key);
  if (first >= 0) return first - FIRST.length;
  return 1 + end.indexOf(key);
}

/** Keys that a reader looks for first come first; those with the most text last. */
function ordered(value: object, depth: number): [string, unknown][] {
  const end = depth === 0 ? FLOW_END : TASK_END;
  const isThing = 'id' in value || 'type' in value;
  const entries = Object.entries(value);
  return isThing ? entries.sort(([one], [other]) => rank(one, end) - rank(other, end)) : entries;
}

/** Maps and lists whose content is the flow's own: nothing in them is put differently. */
const OWN = new Set(
  ['vars', 'env', 'labels', 'outputs', 'default', 'values', 'items', 'value', 'contract', 'connection', 'body'].concat([
    'headers',
    'query',
    'rows',
    'data',
  ]),
);

/** Of a trigger or a task they are values by name, of a flow a list. */
function isOwn(key: string, value: unknown): boolean {
  return OWN.has(key) || (key === 'inputs' && !Array.isArray(value));
}

function readable(value: unknown, key: string, depth: number): unknown {
  if (typeof value === 'string') {
    return DURATIONS.has(key) && millisIn(value) !== undefined ? shortDuration(value) : value;
  }
  if (value === null || typeof value !== 'object' || isOwn(key, value)) return value;
  if (Array.isArray(value)) return value.map((one) => readable(one, '', depth + 1));
  return Object.fromEntries(ordered(value, depth).map(([name, one]) => [name, readable(one, name, depth + 1)]));
}

const LAYOUT = { lineWidth: 110, indentSeq: true, aliasDuplicateObjects: false } as const;

export function flowAsYaml(canonical: unknown): string {
  return stringify(readable(canonical, '', 0), LAYOUT);
}

/** Of a part of it, as one task. */
export function partAsYaml(part: unknown): string {
  return stringify(readable(part, '', 1), LAYOUT);
}

export function flowAsJson(canonical: unknown): string {
  return `${JSON.stringify(canonical, null, 2)}\n`;
}
