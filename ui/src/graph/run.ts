/**
 * The graph of a run: its flow, with the states of its tasks and the items of its loops, which are known only when they
 * have begun. The server lists those tasks of which something changed; the others are pending.
 */
import { addFlow, TaskAdder, withoutItems, type Body, type Canonical, type CanonicalTask } from './canonical';
import { StateFeed, type NodeState } from './live';
import { count } from '../text';
import type { GraphModel } from './model';

/** As `GET /api/v1/runs/{run}/tasks` gives it. */
export interface TaskRow {
  task: string;
  state: string;
  attempt: number;
  warnings?: number;
  first_at?: string;
  ended_at?: string;
  retry_at?: string;
  blocked_by?: string;
  outputs?: Record<string, unknown>;
  error?: { code: string; message: string };
}

/** As the events of `GET /api/v1/runs/{run}/events` say it. */
export interface TaskUpdate {
  at: string;
  task?: string;
  attempt?: number;
  state?: string;
  error?: { code: string; message: string };
}

export interface HoldRow {
  task: string;
  state: string;
}

function milliseconds(time: string | undefined): number | undefined {
  const value = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(value) ? undefined : value;
}

function detailOf(row: TaskRow): string {
  const parts: string[] = [];
  const { items, completed, failed } = row.outputs ?? {};
  if (typeof items === 'number') {
    const done = typeof completed === 'number' ? completed + (typeof failed === 'number' ? failed : 0) : undefined;
    const all = `${count(items)} items`;
    parts.push(done === undefined || done === items ? all : `${count(done)} of ${all}`);
  }
  if (row.attempt > 1) parts.push(`attempt ${row.attempt}`);
  if (row.error !== undefined) parts.push(row.error.code);
  else if ((row.warnings ?? 0) > 0) parts.push(row.warnings === 1 ? '1 warning' : `${row.warnings} warnings`);
  if (row.blocked_by !== undefined && row.blocked_by !== '') parts.push(`after ${row.blocked_by}`);
  return parts.join(' · ');
}

export function stateOfRow(row: TaskRow, held = false): NodeState {
  const since = milliseconds(row.first_at);
  const until = milliseconds(row.ended_at);
  const warned = row.state === 'completed' && (row.warnings ?? 0) > 0;
  const detail = detailOf(row);
  return {
    state: held ? 'held' : warned ? 'warning' : row.state,
    ...(detail !== '' && { detail }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'error', 'skipped', 'blocked', 'cancelled']);
const BY_NUMBER = new Intl.Collator('en', { numeric: true });
const ITEM = /\[\d+\](?=\/)/g;

export class RunGraph {
  /** The latest states, for the `states` of the graph. */
  readonly states = new StateFeed();
  private readonly adder = new TaskAdder({ nodes: [], edges: [], groups: [] });
  private readonly ids = new Set<string>();
  /** Loops by path that have items now; and their items. */
  private readonly begun = new Set<string>();
  private readonly items = new Set<string>();
  private made: GraphModel | undefined;

  constructor(canonical: Canonical) {
    addFlow(this.adder, canonical);
    for (const node of this.adder.parts.nodes) {
      this.ids.add(node.id);
      this.states.set(node.id, { state: 'pending' });
    }
  }

  /** Another object only after tasks came that it did not have. States are in `states`. */
  get model(): GraphModel {
    if (this.made !== undefined) return this.made;
    const { nodes, edges, groups } = this.adder.parts;
    // What a loop's tasks look like in general gives way to those of its items.
    const isShown = (path: string): boolean => !this.isReplaced(path);
    this.made = {
      nodes: nodes.filter((node) => isShown(node.id)),
      edges: edges.filter((edge) => isShown(edge.from) && isShown(edge.to)),
      groups: groups.filter((group) => isShown(group.id)),
    };
    return this.made;
  }

  /** Inside of a loop that has items, but not of one of them. */
  private isReplaced(path: string): boolean {
    if (this.begun.size === 0) return false;
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      if (this.begun.has(path.slice(0, slash))) return true;
    }
    return false;
  }

  /** All rows of the run, as the server lists them. */
  rows(rows: readonly TaskRow[], holds: readonly HoldRow[] = []): void {
    const held = new Set(holds.filter((hold) => hold.state === 'held').map((hold) => hold.task));
    this.meetItems(rows);
    for (const row of rows) {
      this.meet(row.task);
      this.put(row.task, stateOfRow(row, held.has(row.task)));
    }
  }

  /** In their order: the server lists "each[10]" before "each[2]". */
  private meetItems(rows: readonly TaskRow[]): void {
    const items = new Set<string>();
    for (const { task } of rows) {
      if (this.ids.has(task)) continue;
      for (const item of task.matchAll(ITEM)) items.add(task.slice(0, item.index + item[0].length));
    }
    for (const item of [...items].sort(BY_NUMBER.compare)) this.addItem(item);
  }

  /** One event. */
  update(update: TaskUpdate): void {
    if (update.task === undefined || update.task === '') return;
    this.meet(update.task);
    const before = this.states.get(update.task);
    const at = milliseconds(update.at);
    const attempt = update.attempt ?? 0;
    const state = update.state ?? before?.state;
    const next: NodeState = { ...before, ...(state !== undefined && { state }) };
    if (next.since === undefined && at !== undefined && attempt > 0) next.since = at;
    if (state !== undefined && ENDED.has(state)) {
      if (at !== undefined && next.since !== undefined) next.until = at;
    } else {
      delete next.until;
    }
    const parts = [attempt > 1 ? `attempt ${attempt}` : '', update.error?.code ?? ''].filter((part) => part !== '');
    if (parts.length > 0) next.detail = parts.join(' · ');
    this.put(update.task, next);
  }

  private put(path: string, state: NodeState): void {
    this.states.set(path, state);
  }

  /** Adds what a path tells: the items around it, with all tasks of each, and at last the task itself. */
  private meet(path: string): void {
    if (this.ids.has(path)) return;
    for (const item of path.matchAll(ITEM)) this.addItem(path.slice(0, item.index + item[0].length));
    if (this.ids.has(path)) return;
    // No task of the flow: it is shown all the same.
    this.ids.add(path);
    this.adder.parts.nodes.push({ id: path, label: path });
    this.made = undefined;
  }

  private addItem(item: string): void {
    if (this.items.has(item)) return;
    const bracket = item.lastIndexOf('[');
    const loop = item.slice(0, bracket);
    const body = this.adder.bodies.get(withoutItems(loop));
    if (body === undefined) return;
    this.items.add(item);
    this.begun.add(loop);
    const place = this.adder.parts.nodes.length;
    const index = item.slice(bracket + 1, -1);
    if (isSingle(body)) this.addSingle(body.tasks[0] as CanonicalTask, item, loop, index);
    else this.addMany(body, item, loop, index);
    for (const node of this.adder.parts.nodes.slice(place)) {
      this.ids.add(node.id);
      this.states.set(node.id, { state: 'pending' });
    }
    this.made = undefined;
  }

  /** An item of one task needs no box of its own. */
  private addSingle(task: CanonicalTask, item: string, loop: string, index: string): void {
    this.adder.parts.nodes.push({
      id: `${item}/${task.id}`,
      label: `${task.id} [${index}]`,
      kind: task.type,
      group: loop,
    });
  }

  private addMany(body: Body, item: string, loop: string, index: string): void {
    this.adder.parts.groups.push({ id: item, label: `[${index}]`, kind: 'item', parent: loop });
    this.adder.addAll(body.tasks, `${item}/`, item);
  }
}

function isSingle(body: Body): boolean {
  const [task, second] = body.tasks;
  return second === undefined && task !== undefined && task.type !== 'foreach' && task.type !== 'switch';
}
