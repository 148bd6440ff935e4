// What a data step said at its end, out of the outputs of its task.
import type { Task } from '../../api';

export interface Check {
  name: string;
  severity: string;
  bad: number;
}

export interface SchemaColumn {
  name: string;
  type: string;
  pii: boolean;
  /** The share of rows without a value, 0 to 1. */
  missing: number;
}

export interface Figures {
  rows?: number;
  rowsIn?: number;
  /** What did not go through, by why: "rejected", "quarantined", … */
  left: [string, number][];
  checks: Check[];
  columns: SchemaColumn[];
  guard?: { series: string; verdict: string };
  millis?: number;
}

type Json = Record<string, unknown>;
const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asList = (value: unknown): Json[] => (Array.isArray(value) ? value.map(asObject) : []);
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const LEFT = ['rejected', 'quarantined', 'duplicates', 'conflicts'];

export function figuresOf(outputs: unknown): Figures {
  const out = asObject(outputs);
  const rows = asNumber(out.rows);
  const rowsIn = asNumber(out.rows_in);
  const seconds = asNumber(out.seconds);
  const guard = asObject(out.guard);
  const rates = asObject(out.null_rates);
  const left = LEFT.map((name): [string, number] => [name, asNumber(out[name]) ?? 0]);
  for (const [from, count] of Object.entries(asObject(out.unmatched))) {
    left.push([`unmatched of ${from}`, asNumber(count) ?? 0]);
  }
  return {
    ...(rows !== undefined && { rows }),
    ...(rowsIn !== undefined && { rowsIn }),
    ...(seconds !== undefined && { millis: seconds * 1000 }),
    ...(typeof guard.verdict === 'string' && { guard: { series: String(guard.series ?? ''), verdict: guard.verdict } }),
    left: left.filter(([, count]) => count > 0),
    checks: asList(out.checks).map(({ name, severity, bad }) => ({
      name: String(name),
      severity: String(severity),
      bad: asNumber(bad) ?? 0,
    })),
    columns: asList(out.schema).map(({ name, type, pii }) => ({
      name: String(name),
      type: String(type),
      pii: pii === true,
      missing: asNumber(rates[String(name)]) ?? 0,
    })),
  };
}

export interface StepRow {
  path: string;
  /** Of the flow's step, which stands once where a loop has many. */
  step: string;
  task: Task | undefined;
  figures: Figures;
}

/** "a[3]/b" → "a/b". */
export const withoutItems = (path: string): string => path.replace(/\[\d+\]/g, '');

/** Of each step a row for each of its tasks in the run, or one alone where it has none yet. */
export function rowsOf(steps: readonly string[], tasks: readonly Task[]): StepRow[] {
  const byStep = new Map<string, Task[]>();
  for (const task of tasks) {
    const step = withoutItems(task.task);
    byStep.set(step, [...(byStep.get(step) ?? []), task]);
  }
  return steps.flatMap((step): StepRow[] => {
    const mine = byStep.get(step);
    if (!mine) return [{ path: step, step, task: undefined, figures: figuresOf(undefined) }];
    return mine.map((task) => ({ path: task.task, step, task, figures: figuresOf(task.outputs) }));
  });
}
