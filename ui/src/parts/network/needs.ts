// What flows need of each other, as their canonical forms say: also tasks of task servers are flows.
import { fullName } from '../../text/names';

export interface Need {
  /** The full name of the flow that comes before. */
  flow: string;
  /** A run that is no older will do. */
  within?: string;
  /** It goes on without, where that fails. */
  optional: boolean;
  /** It is begun by the end of the other, rather than waiting for it. */
  trigger?: boolean;
}

/** The full name of a task server. */
export const serverName = (server: { team: string; server: string }): string => `${server.team}/${server.server}`;

export interface DeclaredTask {
  flow: string;
  namespace: string;
  id: string;
  owner: string;
  contacts: string;
  runbook: string;
  description: string;
  needs: Need[];
  cron: string;
  timezone: string;
  timeouts: Record<string, string>;
  retry: Record<string, unknown> | undefined;
  slotClass: string;
}

type Json = Record<string, unknown>;

const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** "/id" has no namespace, and "id" alone is of the same one. */
function nameOf(flow: string, namespace: string): string {
  if (flow.startsWith('/')) return flow.slice(1);
  return flow.includes('/') ? flow : fullName(namespace, flow);
}

/** The tasks of a flow with those inside of them. */
function* tasksOf(form: Json): Generator<Json> {
  for (const section of [form.tasks, form.errors, form.finally]) yield* allTasks(section);
}

function* allTasks(list: unknown): Generator<Json> {
  for (const one of asList(list)) {
    const task = asObject(one);
    if (!task) continue;
    yield task;
    yield* allTasks(task.tasks);
    yield* allTasks(task.default);
    for (const inside of Object.values(asObject(task.cases) ?? {})) yield* allTasks(inside);
  }
}

function* needsOfTask(task: Json, namespace: string): Generator<Need> {
  if (task.type === 'flow' && typeof task.flow === 'string' && !task.flow.includes('{{')) {
    const optional = task.on_error === 'continue' || task.allow_failure === true;
    yield { flow: nameOf(task.flow, namespace), optional, ...(task.within ? { within: asText(task.within) } : {}) };
  }
  for (const one of asList(task.needs)) {
    const need = asObject(one);
    if (typeof need?.flow !== 'string') continue;
    yield {
      flow: nameOf(need.flow, namespace),
      optional: false,
      ...(need.within ? { within: asText(need.within) } : {}),
    };
  }
}

/** Each other flow once: a need that is no option counts before one that is. */
export function needsOf(form: Json, namespace: string): Need[] {
  const found = new Map<string, Need>();
  const add = (need: Need): void => {
    const known = found.get(need.flow);
    if (!known || (known.optional && !need.optional)) found.set(need.flow, need);
  };
  for (const task of tasksOf(form)) for (const need of needsOfTask(task, namespace)) add(need);
  for (const one of asList(form.triggers)) {
    const trigger = asObject(one);
    if (trigger?.type !== 'flow') continue;
    for (const flow of asList(trigger.flows)) {
      add({ flow: nameOf(asText(flow), namespace), optional: trigger.need === 'any', trigger: true });
    }
  }
  return [...found.values()];
}

/** Of a flow that a task server declared, what it said of its task. */
export function declaredTask(form: Json, flow: string, namespace: string, id: string): DeclaredTask {
  const invoke = asObject(asList(form.tasks).find((one) => asObject(one)?.type === 'invoke')) ?? {};
  const labels = asObject(form.labels) ?? {};
  const schedule = asObject(asList(form.triggers).find((one) => asObject(one)?.type === 'schedule'));
  return {
    flow,
    namespace,
    id,
    owner: asText(form.owner),
    contacts: asText(labels.contacts),
    runbook: asText(labels.runbook_url),
    description: asText(form.description),
    needs: needsOf(form, namespace),
    cron: asText(schedule?.cron),
    timezone: asText(schedule?.timezone),
    timeouts: (asObject(invoke.timeouts) ?? {}) as Record<string, string>,
    retry: asObject(invoke.retry),
    slotClass: asText(invoke.slot_class),
  };
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of a duration as the canonical form has it: "600000ms", "1h30m". */
export function millisOfDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNITS[unit ?? ''] ?? 0), 0);
}
