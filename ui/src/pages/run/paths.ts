// Paths of tasks: "each[3]/load" is the task load of item 3 of the foreach each.
import type { Canonical, CanonicalTask } from '../../graph';

/** As the flow has it: "each[3]/load" is "each/load" there. */
export function pathInFlow(path: string): string {
  return path.replace(/\[\d+\]/g, '');
}

/** "a/b[3]/c" → "a/b[3]" → "a/b" → "a" → "". */
export function outerPath(path: string): string {
  if (path.endsWith(']')) return path.slice(0, path.lastIndexOf('['));
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** "a/b[3]/c" → "c"; of an item "[3]". */
export function lastOf(path: string): string {
  if (path.endsWith(']')) return path.slice(path.lastIndexOf('['));
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether `path` is inside of `outer`. */
export function isInside(path: string, outer: string): boolean {
  return path.startsWith(outer) && (path[outer.length] === '/' || path[outer.length] === '[');
}

/** All tasks of a flow by their paths, also those inside of others. */
export function tasksByPath(canonical: Canonical): Map<string, CanonicalTask> {
  const found = new Map<string, CanonicalTask>();
  const add = (tasks: readonly CanonicalTask[], prefix: string): void => {
    for (const task of tasks) {
      const path = prefix + task.id;
      found.set(path, task);
      for (const inside of [task.tasks, task.default, ...Object.values(task.cases ?? {})]) {
        if (inside) add(inside, `${path}/`);
      }
    }
  };
  add([...(canonical.tasks ?? []), ...(canonical.errors ?? []), ...(canonical.finally ?? [])], '');
  return found;
}
