// How two JSON values differ, by the paths in them.

export interface Difference {
  /** "grants.0.role"; '' where the values themselves are no objects. */
  path: string;
  kind: 'added' | 'removed' | 'changed' | 'same';
  before?: unknown;
  after?: unknown;
}

type Json = Record<string, unknown>;

const isBranch = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

function* leaves(value: unknown, path: string): Generator<[string, unknown]> {
  if (!isBranch(value)) {
    yield [path, value];
    return;
  }
  for (const [name, child] of Object.entries(value)) yield* leaves(child, path === '' ? name : `${path}.${name}`);
}

const leavesOf = (value: unknown): Map<string, unknown> => new Map(value === undefined ? [] : leaves(value, ''));

/** Leaf by leaf, in the order of what was, then of what is new. */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = leavesOf(before);
  const now = leavesOf(after);
  const found: Difference[] = [];
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    const was = old.get(path);
    const is = now.get(path);
    if (!now.has(path)) found.push({ path, kind: 'removed', before: was });
    else if (!old.has(path)) found.push({ path, kind: 'added', after: is });
    else {
      const kind = JSON.stringify(was) === JSON.stringify(is) ? 'same' : 'changed';
      found.push({ path, kind, before: was, after: is });
    }
  }
  return found;
}
