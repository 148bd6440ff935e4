// Data steps as flows have them, with what they read and write, as it is written there.

type Json = Record<string, unknown>;

export type StepType = 'load' | 'check' | 'standardize' | 'secure' | 'merge' | 'transform' | 'guard' | 'share';
const TYPES = new Set<string>(['load', 'check', 'standardize', 'secure', 'merge', 'transform', 'guard', 'share']);

export interface Step {
  /** Its path, without places in loops: "each/load". */
  path: string;
  type: StepType;
  description: string;
  /** From outside of the flow. */
  reads: string[];
  writes: string[];
  /** Data of other steps. */
  of: string[];
}

const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A connection by its name, or by where it leads. */
function connectionName(value: unknown): string {
  const made = asObject(value);
  if (!made) return asText(value);
  if (typeof made.name === 'string') return made.name;
  const host = asText(made.host) || asList(made.brokers).map(asText).join(',');
  return `${asText(made.type)}://${[host, asText(made.database)].filter(Boolean).join('/')}`;
}

function readsOf(task: Json): string[] {
  if (task.type !== 'load') return [];
  if (task.connection === undefined) return asText(task.from) ? [asText(task.from)] : [];
  const what = asText(task.table) || 'a query';
  return [`${connectionName(task.connection)} ${what}`.trim()];
}

function writesOf(task: Json): string[] {
  if (task.type !== 'share') return [];
  return asList(task.to).flatMap((one) => {
    const target = asObject(one);
    if (!target) return asText(one) ? [asText(one)] : [];
    const connection = connectionName(target.connection);
    return [[connection, asText(target.to)].filter(Boolean).join(' ')];
  });
}

export function stepsOf(form: Json): Step[] {
  const found: Step[] = [];
  const walk = (list: unknown, prefix: string): void => {
    for (const one of asList(list)) {
      const task = asObject(one);
      if (!task) continue;
      const path = prefix + asText(task.id);
      if (TYPES.has(asText(task.type))) {
        found.push({
          path,
          type: task.type as StepType,
          description: asText(task.description),
          reads: readsOf(task),
          writes: writesOf(task),
          of: asList(task.of).map(asText).filter(Boolean),
        });
      }
      walk(task.tasks, `${path}/`);
      walk(task.default, `${path}/`);
      for (const inside of Object.values(asObject(task.cases) ?? {})) walk(inside, `${path}/`);
    }
  };
  for (const section of [form.tasks, form.errors, form.finally]) walk(section, '');
  return found;
}

export interface Place {
  place: string;
  /** Only within this flow: a template, or a file from the flow's folder. */
  within?: string;
  /** Steps by flow and path. */
  readBy: { flow: string; path: string }[];
  writtenBy: { flow: string; path: string }[];
}

/** Whether the same words mean the same place in another flow, too. */
function isShared(place: string): boolean {
  return !place.includes('{{') && (place.startsWith('/') || place.includes('://') || place.includes(' '));
}

/** Each source and target once, by name. */
export function placesOf(flows: ReadonlyMap<string, readonly Step[]>): Place[] {
  const found = new Map<string, Place>();
  const at = (place: string, flow: string): Place => {
    const key = isShared(place) ? place : `${place}\n${flow}`;
    const known = found.get(key) ?? { place, ...(!isShared(place) && { within: flow }), readBy: [], writtenBy: [] };
    found.set(key, known);
    return known;
  };
  for (const [flow, steps] of flows) {
    for (const { path, reads, writes } of steps) {
      for (const place of reads) at(place, flow).readBy.push({ flow, path });
      for (const place of writes) at(place, flow).writtenBy.push({ flow, path });
    }
  }
  return [...found.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
}
