/**
 * From a flow's canonical form to the graph. The server has linked it: `needs` of a task names all that must end before
 * it, also what its templates, `of` and `sql` read, by whole path ("choose/clean"), or as {flow, within} for a run of
 * another flow, whose task is then called "flow:NAME". What the tasks of a foreach need from outside, the foreach needs.
 */
import type { GraphEdge, GraphGroup, GraphModel, GraphNode } from './model';

export interface CanonicalTask {
  id: string;
  type: string;
  needs?: readonly (string | { flow: string; within?: string })[];
  trigger_rule?: string;
  disabled?: boolean;
  cases?: Record<string, CanonicalTask[]>;
  default?: CanonicalTask[];
  tasks?: CanonicalTask[];
  [key: string]: unknown;
}

export interface Canonical {
  id?: string;
  namespace?: string;
  tasks?: CanonicalTask[];
  errors?: CanonicalTask[];
  finally?: CanonicalTask[];
}

/** A part of a flow as the graph has it. */
export interface Parts {
  nodes: GraphNode[];
  edges: GraphEdge[];
  groups: GraphGroup[];
}

/** The tasks of a foreach, from which its items are made. */
export interface Body {
  tasks: readonly CanonicalTask[];
}

/** No id begins with it, so no task can have such a path. */
export const ERRORS = '@errors';
export const FINALLY = '@finally';

function flowOfNeed(need: { flow: string }): string {
  // "/id" is a flow without a namespace, named from one with.
  return `flow:${need.flow.replace(/^\//, '')}`;
}

function mentions(text: string, word: string): boolean {
  const isPart = (c: string): boolean => /[A-Za-z0-9_\u0080-\uffff]/.test(c);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(text.charAt(at - 1)) && !isPart(text.charAt(at + word.length))) return true;
  }
  return false;
}

/** Whether a task takes something over from another that it needs, or only waits for it. */
function edgeKind(task: CanonicalTask, text: string, need: string): string {
  const short = need.slice(need.lastIndexOf('/') + 1);
  for (const name of short === need ? [need] : [short, need]) {
    if (mentions(text, `outputs.${name}`) || text.includes(`outputs['${name}']`)) return 'data';
    if (text.includes(`outputs[\\"${name}\\"]`)) return 'data';
    if (task.of === name || (Array.isArray(task.of) && task.of.includes(name))) return 'data';
    if (typeof task.sql === 'string' && mentions(task.sql.toLowerCase(), name)) return 'data';
    if (task.contract !== undefined && text.includes(`"refs":"${name}.`)) return 'data';
    if (text.includes(`"of":"${name}"`)) return 'data';
  }
  return task.trigger_rule === 'any_error' || task.trigger_rule === 'all_error' ? 'failure' : 'order';
}

/** Adds tasks, and what is inside of them, to `parts`. */
export class TaskAdder {
  /** Of the foreaches, by their path without indices. */
  readonly bodies = new Map<string, Body>();
  private readonly known = new Set<string>();

  constructor(readonly parts: Parts = { nodes: [], edges: [], groups: [] }) {}

  /** `prefix` is the path around them with a slash, `group` the box that they stand in. */
  addAll(tasks: readonly CanonicalTask[], prefix: string, group: string | undefined): void {
    for (const task of tasks) this.add(task, prefix, group);
  }

  add(task: CanonicalTask, prefix: string, group: string | undefined): void {
    const path = prefix + task.id;
    this.known.add(path);
    this.parts.nodes.push({ id: path, label: task.id, kind: task.type, ...(group !== undefined && { group }) });
    this.addNeeds(task, path, prefix);
    if (task.type === 'foreach' && task.tasks !== undefined) this.addLoop(task, task.tasks, path, group);
    if (task.type === 'switch') this.addCases(task, path, group);
  }

  private addNeeds(task: CanonicalTask, path: string, prefix: string): void {
    const needs = task.needs ?? [];
    if (needs.length === 0) return;
    const { needs: _, ...rest } = task;
    const text = JSON.stringify(rest);
    for (const need of needs) {
      if (typeof need === 'string') {
        this.parts.edges.push({ from: inItem(need, prefix), to: path, kind: edgeKind(task, text, need) });
        continue;
      }
      const id = flowOfNeed(need);
      if (!this.known.has(id)) {
        this.known.add(id);
        this.parts.nodes.push({ id, label: id.slice('flow:'.length), kind: 'flow' });
      }
      this.parts.edges.push({ from: id, to: path, kind: 'order' });
    }
  }

  private addLoop(task: CanonicalTask, tasks: readonly CanonicalTask[], path: string, group: string | undefined): void {
    this.bodies.set(withoutItems(path), { tasks });
    this.parts.groups.push({ id: path, label: task.id, kind: 'foreach', parent: group ?? null, head: path });
    this.addAll(tasks, `${path}/`, path);
  }

  private addCases(task: CanonicalTask, path: string, group: string | undefined): void {
    this.parts.groups.push({ id: path, label: task.id, kind: 'switch', parent: group ?? null, head: path });
    const cases = Object.entries(task.cases ?? {});
    if (task.default !== undefined) cases.push(['default', task.default]);
    for (const [name, tasks] of cases) {
      const id = `${path}/ ${name}`;
      this.parts.groups.push({ id, label: name, kind: 'case', parent: path });
      this.addAll(tasks, `${path}/`, id);
    }
  }
}

/** "a/b[3]/c" → "a/b/c". */
export function withoutItems(path: string): string {
  return path.replace(/\[\d+\]/g, '');
}

/**
 * A need names a task of the flow; from inside of an item it means the one of the same item. `prefix` is the path
 * around who needs it: "each[3]/choose/".
 */
export function inItem(need: string, prefix: string): string {
  if (!prefix.includes('[')) return need;
  const around = prefix.split('/').slice(0, -1);
  const parts = need.split('/');
  for (let i = 0; i < around.length && i < parts.length - 1; i += 1) {
    const part = around[i] ?? '';
    if (withoutItems(part) !== parts[i]) break;
    parts[i] = part;
  }
  return parts.join('/');
}

/** The tasks at the top that `task` and what is inside of it need. */
function* rootsOfNeeds(task: CanonicalTask): Generator<string> {
  for (const need of task.needs ?? []) if (typeof need === 'string') yield need.split('/')[0] ?? need;
  for (const inside of [task.tasks, task.default, ...Object.values(task.cases ?? {})]) {
    for (const inner of inside ?? []) yield* rootsOfNeeds(inner);
  }
}

/** Those that no other of the section waits for. */
function sinks(tasks: readonly CanonicalTask[]): string[] {
  const needed = new Set<string>();
  for (const task of tasks) for (const root of rootsOfNeeds(task)) if (root !== task.id) needed.add(root);
  return tasks.filter((task) => !needed.has(task.id)).map((task) => task.id);
}

function addSection(
  adder: TaskAdder,
  id: string,
  label: string,
  tasks: readonly CanonicalTask[],
  after: string[],
): void {
  adder.parts.groups.push({ id, label, kind: 'section', parent: null });
  adder.addAll(tasks, '', id);
  for (const from of after) adder.parts.edges.push({ from, to: id, kind: 'after' });
}

export function addFlow(adder: TaskAdder, canonical: Canonical): void {
  const { tasks = [], errors = [], finally: last = [] } = canonical;
  adder.addAll(tasks, '', undefined);
  const ends = sinks(tasks);
  if (errors.length > 0) addSection(adder, ERRORS, 'On error', errors, ends);
  if (last.length > 0) addSection(adder, FINALLY, 'Finally', last, errors.length > 0 ? [ERRORS] : ends);
}

export function modelOfFlow(canonical: Canonical): GraphModel {
  const adder = new TaskAdder();
  addFlow(adder, canonical);
  return adder.parts;
}
