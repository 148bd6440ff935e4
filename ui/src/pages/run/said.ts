import type { Update } from '../../api';

/** The newest words of a task in its history, but for those of its error, which are told elsewhere. */
export function lastSaid(history: readonly Update[], path: string): string | undefined {
  return history.findLast((update) => update.task === path && update.detail && !update.error)?.detail;
}
