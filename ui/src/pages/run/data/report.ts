// What a data step reported, taken apart into what is known; the rest is kept as it is.
export interface Check {
  name: string;
  severity: string;
  bad: number;
}

export interface ColumnFact {
  name: string;
  type: string;
  nulls: number | undefined;
  pii: boolean;
}

export interface Guard {
  series: string;
  verdict: string;
  reason: string;
  goodPoints: number;
  metrics: [string, number][];
}

export interface StepFacts {
  counts: { name: string; value: number }[];
  seconds: number | undefined;
  memory: number | undefined;
  checks: Check[];
  columns: ColumnFact[];
  guard: Guard | undefined;
  /** Of a merge: rows without a partner, by source. */
  unmatched: [string, number][];
  targets: string[];
  files: [string, string][];
  warnings: string[];
  hold: string;
  rest: Record<string, unknown>;
}

type Json = Record<string, unknown>;

const COUNTS: [string, string][] = [
  ['rows_in', 'in'],
  ['rows', 'out'],
  ['rejected', 'rejected'],
  ['quarantined', 'quarantined'],
  ['duplicates', 'duplicates'],
  ['conflicts', 'conflicts'],
];
const KNOWN = new Set([
  ...COUNTS.map(([name]) => name),
  'seconds',
  'memory_peak_bytes',
  'checks',
  'schema',
  'null_rates',
  'guard',
  'unmatched',
  'targets',
  'data',
  // The same files as `data` and the others, by their names.
  'files',
]);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberAt(from: Json, name: string): number | undefined {
  const value = from[name];
  return typeof value === 'number' ? value : undefined;
}

function textAt(from: Json, name: string): string {
  const value = from[name];
  return typeof value === 'string' ? value : '';
}

function objectsAt(from: Json, name: string): Json[] {
  const value = from[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textsAt(from: Json, name: string): string[] {
  const value = from[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function numbersIn(value: unknown): [string, number][] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
}

function columnsOf(outputs: Json): ColumnFact[] {
  const nulls = new Map(numbersIn(outputs.null_rates));
  const rated = isObject(outputs.null_rates);
  return objectsAt(outputs, 'schema').map((column) => {
    const name = textAt(column, 'name');
    const rate = nulls.get(name) ?? (rated ? 0 : undefined);
    return { name, type: textAt(column, 'type'), nulls: rate, pii: column.pii === true };
  });
}

function guardOf(value: unknown): Guard | undefined {
  if (!isObject(value)) return undefined;
  return {
    series: textAt(value, 'series'),
    verdict: textAt(value, 'verdict'),
    reason: textAt(value, 'reason'),
    goodPoints: numberAt(value, 'good_points') ?? 0,
    metrics: numbersIn(value.metrics),
  };
}

function isFile(name: string): boolean {
  return name === 'data' || name.endsWith('_file');
}

/** Of `outputs` of a task, too, which have the same fields. */
export function factsOf(outputs: Json, report: Json = {}): StepFacts {
  const files = Object.entries(outputs).filter(
    (entry): entry is [string, string] => isFile(entry[0]) && typeof entry[1] === 'string',
  );
  return {
    counts: COUNTS.flatMap(([name, label]) => {
      const value = numberAt(outputs, name);
      return value === undefined ? [] : [{ name: label, value }];
    }),
    seconds: numberAt(outputs, 'seconds'),
    memory: numberAt(outputs, 'memory_peak_bytes'),
    checks: objectsAt(outputs, 'checks').map((check) => ({
      name: textAt(check, 'name'),
      severity: textAt(check, 'severity'),
      bad: numberAt(check, 'bad') ?? 0,
    })),
    columns: columnsOf(outputs),
    guard: guardOf(outputs.guard),
    unmatched: numbersIn(outputs.unmatched).filter(([, many]) => many > 0),
    targets: textsAt(outputs, 'targets'),
    files,
    warnings: textsAt(report, 'messages'),
    hold: textAt(report, 'hold'),
    rest: Object.fromEntries(Object.entries(outputs).filter(([name]) => !KNOWN.has(name) && !isFile(name))),
  };
}
