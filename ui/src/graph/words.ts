/** What is written on items, and what is read out of them. */
import { count, duration, durationSoFar } from '../text';
import type { NodeState } from './live';
import type { ViewItem } from './view';

export interface Said {
  state: string | undefined;
  own: NodeState;
  counts: readonly (readonly [string, number])[];
}

export function isGoing(state: string | undefined): boolean {
  return state === 'started' || state === 'running';
}

export function timeOf({ state, since, until }: NodeState, now: () => number): string {
  if (since === undefined) return '';
  if (until !== undefined) return duration(until - since);
  return isGoing(state) ? durationSoFar(now() - since) : '';
}

function counted(counts: Said['counts'], most: number): string {
  const parts = counts.slice(0, most).map(([state, amount]) => `${count(amount)} ${state}`);
  return parts.join(', ');
}

function joined(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}

/** The second line of an item. */
export function lineOf(item: ViewItem, said: Said, now: () => number): string {
  const { own } = said;
  if (item.type === 'node') return joined(timeOf(own, now), own.detail) || (item.kind ?? '');
  const states = counted(said.counts, 3);
  // Of one state alone the icon tells enough.
  if (item.type === 'bundle') return said.counts.length > 1 ? states : (item.span ?? states);
  if (item.open) return joined(own.detail, states) || item.count;
  return joined(own.detail ?? item.count, states);
}

/** All of it in one sentence, for tooltips and for those who hear the page: first what is written on it. */
export function nameOf(
  item: ViewItem,
  said: Said,
  now: () => number,
  ends?: { before: number; after: number },
): string {
  const { own, state, counts } = said;
  const time = timeOf(own, now);
  const line = lineOf(item, said, now);
  const parts = [`${item.label} ${line}`.trim(), item.type === 'bundle' ? (item.span ?? '') : (item.kind ?? '')];
  if (item.type !== 'node' && item.label !== item.count) parts.push(item.count);
  if (item.type !== 'node' && counts.length > 0) parts.push(counted(counts, 9));
  else parts.push(state ?? '');
  parts.push(time, own.detail ?? '');
  if (ends !== undefined && ends.before > 0) parts.push(`after ${ends.before}`);
  if (ends !== undefined && ends.after > 0) parts.push(`before ${ends.after}`);
  const more = parts.filter((part, place) => part !== '' && (place === 0 || !line.split(' · ').includes(part)));
  return more.join(', ');
}

/** A path through points, that leaves and enters its ends straight. */
export function curve(points: readonly (readonly [number, number])[], flat: boolean): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let [x, y] = first;
  let path = `M${x} ${y}`;
  for (const [toX, toY] of rest) {
    const [halfX, halfY] = [(x + toX) / 2, (y + toY) / 2];
    if (x === toX || y === toY) path += `L${toX} ${toY}`;
    else if (flat) path += `C${halfX} ${y} ${halfX} ${toY} ${toX} ${toY}`;
    else path += `C${x} ${halfY} ${toX} ${halfY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  }
  return path;
}
