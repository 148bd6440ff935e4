// Rows that do not move under the pointer: those that were seen stay in their places, with their newest data.

export interface Steady<T> {
  rows: T[];
  /** New rows above or between that are not shown yet. */
  held: number;
}

export function steadyRows<T>(seen: T[], rows: T[], key: (row: T) => string | number): Steady<T> {
  const newest = new Map(rows.map((row) => [key(row), row]));
  const known = new Set(seen.map(key));
  const last = rows.findLastIndex((row) => known.has(key(row)));
  // Nothing in common: it is another list.
  if (last < 0) return { rows, held: 0 };
  const kept = seen.map((row) => newest.get(key(row)) ?? row);
  // What follows below moves nothing.
  const below = rows.slice(last + 1);
  const held = rows.slice(0, last).filter((row) => !known.has(key(row))).length;
  return { rows: [...kept, ...below], held };
}
