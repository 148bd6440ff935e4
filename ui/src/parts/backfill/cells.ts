// How the times of a backfill look in its calendar: a sign and a colour each.
import Minus from '@lucide/svelte/icons/minus';
import Circle from '@lucide/svelte/icons/circle';
import { lookOf, type IconType, type Tone } from '../states';
import type { Cell, TimeState } from './calendar';
import { clockIn, clockText } from './zone';
import { duration } from '../../text/times';

export interface CellLook {
  tone: Tone | 'none';
  /** Nothing: an empty box. */
  icon?: IconType;
}

export function cellLook(state: TimeState): CellLook {
  if (state === 'to come') return { tone: 'none' };
  if (state === 'would run') return { tone: 'none', icon: Circle as IconType };
  if (state === 'left out') return { tone: 'none', icon: Minus as IconType };
  const { tone, icon } = lookOf(state, 'run');
  return { tone, icon };
}

/** "2026-11-01 02:00, completed, run 12, 1.2s". */
export function cellWords(cell: Cell, zone: string): string {
  return cell.times
    .map((time) => {
      const words = [clockText(clockIn(zone, time.at)), time.state];
      if (time.run !== undefined) words.push(`run ${time.run}`);
      if (time.duration !== undefined) words.push(duration(time.duration));
      return words.join(', ');
    })
    .join('; ');
}
