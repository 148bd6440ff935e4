// Attempts as bars on a line of time.
import type { Attempt } from '../../../api';
import { millisOf } from '../../../text';

/** The phases of an attempt: what is before `running` is waiting. */
export type Phase = 'created' | 'dispatched' | 'acknowledged' | 'running';

export interface Piece {
  phase: Phase;
  from: number;
  /** Undefined: it goes on. */
  to: number | undefined;
}

export interface Bar {
  key: string;
  task: string;
  attempt: number;
  state: string;
  error: string | undefined;
  /** The first of several attempts of the task. */
  first: boolean;
  from: number;
  to: number | undefined;
  pieces: Piece[];
}

/** What is shown of the run: milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

const FINAL = new Set(['completed', 'failed', 'cancelled']);

function at(time: string | undefined): number | undefined {
  return time === undefined ? undefined : millisOf(time);
}

function piecesOf(attempt: Attempt, from: number, end: number | undefined): Piece[] {
  const marks: [Phase, number | undefined][] = [
    ['created', from],
    ['dispatched', at(attempt.dispatched_at)],
    ['acknowledged', at(attempt.acknowledged_at)],
    ['running', at(attempt.started_at)],
  ];
  const known = marks.filter((mark): mark is [Phase, number] => mark[1] !== undefined);
  return known
    .map(([phase, begin], place): Piece => ({ phase, from: begin, to: known[place + 1]?.[1] ?? end }))
    .filter((piece) => piece.to === undefined || piece.to > piece.from);
}

/** Attempts change rarely, and are looked at often. */
const known = new WeakMap<Attempt, Bar>();

function barOf(attempt: Attempt): Bar | undefined {
  const before = known.get(attempt);
  if (before) return before;
  const bar = makeBar(attempt);
  if (bar) known.set(attempt, bar);
  return bar;
}

function makeBar(attempt: Attempt): Bar | undefined {
  const from = at(attempt.created_at) ?? at(attempt.dispatched_at) ?? at(attempt.started_at);
  if (from === undefined) return undefined;
  const end = at(attempt.ended_at) ?? (FINAL.has(attempt.state) ? from : undefined);
  return {
    key: `${attempt.attempt} ${attempt.task}`,
    task: attempt.task,
    attempt: attempt.attempt,
    state: attempt.state,
    error: attempt.error && `${attempt.error.code}: ${attempt.error.message}`,
    first: attempt.attempt === 1,
    from,
    to: end,
    pieces: piecesOf(attempt, from, end),
  };
}

export type Order = 'time' | 'flow' | 'longest';

/** `places`: of the tasks in the flow. Attempts of one task stand together. */
export function barsOf(attempts: Iterable<Attempt>, order: Order, places: ReadonlyMap<string, number>): Bar[] {
  const groups = new Map<string, Bar[]>();
  for (const attempt of attempts) {
    const bar = barOf(attempt);
    if (!bar) continue;
    const group = groups.get(bar.task);
    if (group) group.push(bar);
    else groups.set(bar.task, [bar]);
  }
  const list = [...groups.values()];
  for (const group of list) {
    group.sort((a, b) => a.attempt - b.attempt);
    group.forEach((bar, place) => (bar.first = place === 0));
  }
  const place = (group: Bar[]): number => places.get(group[0]?.task ?? '') ?? Infinity;
  const begin = (group: Bar[]): number => group[0]?.from ?? 0;
  const length = (group: Bar[]): number => Math.max(...group.map((bar) => (bar.to ?? Infinity) - bar.from));
  const compare: Record<Order, (a: Bar[], b: Bar[]) => number> = {
    time: (a, b) => begin(a) - begin(b) || place(a) - place(b),
    flow: (a, b) => place(a) - place(b),
    longest: (a, b) => (length(a) === length(b) ? begin(a) - begin(b) : length(b) > length(a) ? 1 : -1),
  };
  return list.sort(compare[order]).flat();
}

/** From the first begin to the last end, or now. */
export function spanOf(bars: readonly Bar[], begin: number | undefined, end: number | undefined, now: number): Span {
  let from = begin ?? Infinity;
  let to = end ?? -Infinity;
  for (const bar of bars) {
    from = Math.min(from, bar.from);
    to = Math.max(to, bar.to ?? now);
  }
  if (end === undefined) to = Math.max(to, now);
  if (!Number.isFinite(from)) from = now;
  return { from, to: Math.max(to, from + 1) };
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  [1, 2, 3, 6, 12].map((hours) => hours * 3_600_000),
  [1, 2, 7, 14, 28].map((days) => days * 86_400_000),
);

/** Marks of the axis as milliseconds after `begin`, about `most` of them. */
export function ticksOf(span: Span, begin: number, most: number): number[] {
  const wanted = (span.to - span.from) / Math.max(1, most);
  const step = STEPS.find((one) => one >= wanted) ?? Math.ceil(wanted / 86_400_000) * 86_400_000;
  const ticks: number[] = [];
  const first = Math.ceil((span.from - begin) / step) * step;
  for (let tick = first; tick <= span.to - begin; tick += step) ticks.push(tick);
  return ticks;
}

const LEAST = 5;

/** Closer (factor < 1) or from farther, around a point that keeps its place; never beyond the whole. */
export function zoomed(span: Span, whole: Span, factor: number, around = (span.from + span.to) / 2): Span {
  const length = Math.max(LEAST, Math.min(whole.to - whole.from, (span.to - span.from) * factor));
  const share = (around - span.from) / (span.to - span.from);
  return within({ from: around - share * length, to: around + (1 - share) * length }, whole);
}

/** By a share of what is shown. */
export function moved(span: Span, whole: Span, share: number): Span {
  const by = (span.to - span.from) * share;
  return within({ from: span.from + by, to: span.to + by }, whole);
}

function within(span: Span, whole: Span): Span {
  const length = Math.min(span.to - span.from, whole.to - whole.from);
  const from = Math.min(Math.max(span.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** In percent of what is shown; what lies outside is cut. */
export function placeOf(span: Span, from: number, to: number): { left: number; width: number } | undefined {
  const length = span.to - span.from;
  const left = Math.max(0, (from - span.from) / length);
  const right = Math.min(1, (to - span.from) / length);
  if (right < 0 || left > 1 || right < left) return undefined;
  return { left: left * 100, width: (right - left) * 100 };
}
