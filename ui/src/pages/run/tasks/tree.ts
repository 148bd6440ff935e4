// The rows of the table of tasks: as a tree that can be folded, or, where something is looked for, as a list.
import type { Task } from '../../../api';
import { fits } from '../../../text';
import { outerPath } from '../paths';

export interface TaskLine {
  task: Task;
  /** What is shown of its path. */
  label: string;
  depth: number;
  type: string;
  /** How many are inside of it; 0: it is no group. */
  inside: number;
  open: boolean;
}

export interface TreeNode {
  id: string;
  kind?: string | undefined;
}

/** A group with more inside is closed until somebody opens it. */
const OPEN_AT_MOST = 60;

/** Paths around a task that stand in the table: "each[3]/load" → "each" (an item is no task). */
function groupOf(path: string, known: ReadonlySet<string>): string {
  for (let outer = outerPath(path); outer !== ''; outer = outerPath(outer)) if (known.has(outer)) return outer;
  return '';
}

/** What is shown of a path in its group: "each[3]/load" in "each" is "[3] load". */
export function labelIn(path: string, group: string): string {
  if (group === '') return path;
  const rest = path.slice(group.length).replace(/^\//, '');
  return rest.replaceAll('/', ' ');
}

/** Whether a group is open: as somebody left it, else where there is not much inside. */
export function isOpen(path: string, inside: number, turned: ReadonlySet<string>): boolean {
  return inside <= OPEN_AT_MOST !== turned.has(path);
}

export function treeOf(nodes: readonly TreeNode[], tasks: readonly Task[], turned: ReadonlySet<string>): TaskLine[] {
  const known = new Set(nodes.map((node) => node.id));
  const children = new Map<string, number[]>();
  nodes.forEach((node, place) => {
    const group = groupOf(node.id, known);
    const list = children.get(group);
    if (list) list.push(place);
    else children.set(group, [place]);
  });
  const lines: TaskLine[] = [];
  const add = (group: string, depth: number): void => {
    for (const place of children.get(group) ?? []) {
      const node = nodes[place] as TreeNode;
      const inside = children.get(node.id)?.length ?? 0;
      const open = inside > 0 && isOpen(node.id, inside, turned);
      const label = labelIn(node.id, group);
      lines.push({ task: tasks[place] as Task, label, depth, type: node.kind ?? '', inside, open });
      if (open) add(node.id, depth + 1);
    }
  };
  add('', 0);
  return lines;
}

export interface Wish {
  search: string;
  /** A state; also 'held', and 'warned' for tasks with warnings. */
  state: string;
  errorsFirst: boolean;
}

const RANK: Record<string, number> = { error: 0, blocked: 1, cancelled: 2, started: 3, queued: 4, pending: 5 };

export function listOf(
  nodes: readonly TreeNode[],
  tasks: readonly Task[],
  wish: Wish,
  isHeld: (path: string) => boolean,
): TaskLine[] {
  const lines: TaskLine[] = [];
  nodes.forEach((node, place) => {
    const task = tasks[place] as Task;
    if (!inState(task, wish.state, isHeld)) return;
    if (wish.search && !fits(wish.search, `${node.id} ${node.kind ?? ''} ${task.error?.code ?? ''}`)) return;
    lines.push({ task, label: node.id, depth: 0, type: node.kind ?? '', inside: 0, open: false });
  });
  if (!wish.errorsFirst) return lines;
  const rank = (line: TaskLine): number => RANK[line.task.state] ?? (line.task.warnings > 0 ? 2.5 : 6);
  return lines.sort((a, b) => rank(a) - rank(b));
}

function inState(task: Task, state: string, isHeld: (path: string) => boolean): boolean {
  if (state === '') return true;
  if (state === 'held') return isHeld(task.task);
  return state === 'warned' ? task.warnings > 0 : task.state === state;
}
