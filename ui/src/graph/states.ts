/** Which of two states is worse, and counts by state. How a state looks is told by parts/states. */

/** The greater is the worse one. What is not here (a word of a later server) is like waiting. */
const RANKS: Readonly<Record<string, number>> = {
  // Nothing is wrong with a task that was skipped: it must not outshine those that were done.
  skipped: 10,
  completed: 20,
  ready: 20,
  created: 31,
  pending: 32,
  queued: 33,
  connected: 40,
  started: 41,
  running: 41,
  paused: 50,
  held: 51,
  draining: 52,
  gone: 59,
  cancelled: 60,
  warning: 70,
  blocked: 80,
  unreachable: 90,
  failed: 99,
  error: 100,
};
const UNKNOWN = 30;

function rankOf(state: string): number {
  return RANKS[state] ?? UNKNOWN;
}

/** The worse of two states; no state at all is the best. */
export function worse(a: string | undefined, b: string | undefined): string | undefined {
  if (b === undefined) return a;
  if (a === undefined) return b;
  return rankOf(b) > rankOf(a) ? b : a;
}

export type StateCounts = ReadonlyMap<string, number>;

export function worstOf(counts: StateCounts): string | undefined {
  let worst: string | undefined;
  for (const [state, count] of counts) if (count > 0) worst = worse(worst, state);
  return worst;
}

/** Worst first, those that are not there left out; equal ranks by name, so that the order never flickers. */
export function rankedCounts(counts: StateCounts): [string, number][] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => rankOf(b) - rankOf(a) || (a < b ? -1 : a > b ? 1 : 0));
}
