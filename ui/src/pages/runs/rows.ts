// Rows of the list of runs: what is kept of a run, and how pages and changes come together.
import type { Run } from '../../api';

/** What a row shows. Inputs and outputs are left out: a list may have very many rows. */
export interface Row {
  run: number;
  flow: string;
  namespace: string;
  state: Run['state'];
  trigger: string | undefined;
  scheduled_for: string | undefined;
  rerun_of: number | undefined;
  backfill: number | undefined;
  parent: Run['parent'];
  created_at: string | undefined;
  started_at: string | undefined;
  ended_at: string | undefined;
  duration_ms: number | undefined;
  warnings: number;
  cancelling: boolean;
  code: string | undefined;
  message: string | undefined;
  owner: string | undefined;
}

const MESSAGE_MOST = 300;

export function rowOf(run: Run): Row {
  return {
    run: run.run,
    flow: run.flow,
    namespace: run.namespace,
    state: run.state,
    trigger: run.trigger,
    scheduled_for: run.scheduled_for,
    rerun_of: run.rerun_of,
    backfill: run.backfill,
    parent: run.parent,
    created_at: run.created_at,
    started_at: run.started_at,
    ended_at: run.ended_at,
    duration_ms: run.duration_ms,
    warnings: run.warnings,
    cancelling: run.cancel_requested,
    code: run.error?.code,
    message: run.error?.message.slice(0, MESSAGE_MOST),
    owner: run.error?.owner,
  };
}

/** Pages that follow each other, newest first; of those far away only the number of rows is kept. */
export interface Page {
  /** Its `before`; of the first page undefined. */
  before: number | undefined;
  count: number;
  rows: Row[] | undefined;
}

/** Which page a row is in, and its place there. */
export function pageAt(pages: readonly Page[], index: number): { page: number; place: number } | undefined {
  let first = 0;
  for (let page = 0; page < pages.length; page += 1) {
    const { count } = pages[page] as Page;
    if (index < first + count) return { page, place: index - first };
    first += count;
  }
  return undefined;
}

/** Forgets the rows of pages that are farther from `near` than `most` rows. */
export function thinned(pages: readonly Page[], near: number, most: number): Page[] {
  let first = 0;
  return pages.map((page) => {
    const [begin, end] = [first, first + page.count];
    first = end;
    const away = near < begin ? begin - near : near >= end ? near - end : 0;
    return away > most && page.rows ? { ...page, rows: undefined } : page;
  });
}

export interface Merged {
  rows: Row[];
  /** Newer than all that are shown. */
  fresh: Row[];
  /** Between the fresh ones and those that are shown there may be others, which were not asked for. */
  gap: boolean;
}

/**
 * The rows that are shown, with the newest answer to the first page. They stay in their places; where they may move,
 * those that do not belong to the list any more go. `complete`: there is nothing below the answer.
 */
export function merged(
  shown: readonly Row[],
  answer: readonly Row[],
  { complete, mayMove }: { complete: boolean; mayMove: boolean },
): Merged {
  const newest = new Map(answer.map((row) => [row.run, row]));
  const top = shown[0]?.run ?? 0;
  const lowest = complete ? 0 : (answer.at(-1)?.run ?? 0);
  const fresh = answer.filter((row) => row.run > top);
  const kept = mayMove ? shown.filter((row) => row.run < lowest || newest.has(row.run)) : shown;
  return {
    rows: kept.map((row) => newest.get(row.run) ?? row),
    fresh,
    gap: !complete && fresh.length > 0 && fresh.length === answer.length && shown.length > 0,
  };
}

/** Where a run stands among rows of falling numbers; -1: it is not there. */
export function placeOfRun(rows: readonly Row[], run: number): number {
  let [low, high] = [0, rows.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = rows[middle]?.run ?? 0;
    if (found === run) return middle;
    if (found > run) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** How much of a bar a duration fills: by its logarithm, so that seconds and hours can be told apart at a glance. */
export function barShare(millis: number): number {
  const [least, most] = [2, 8];
  const share = (Math.log10(Math.max(1, millis)) - least) / (most - least);
  return Math.max(0.02, Math.min(1, share));
}
