// How far a backfill is, in words and segments.
import type { Backfill } from '../../api/types';
import type { Segment } from '../Progress.svelte';
import { shortDuration } from '../../text/durations';

export function segmentsOf(backfill: Backfill): Segment[] {
  return [
    { label: 'completed', value: backfill.completed, tone: 'good' },
    { label: 'failed', value: backfill.failed, tone: 'bad' },
    { label: 'refused', value: backfill.refused, tone: 'bad' },
    { label: 'cancelled', value: backfill.cancelled, tone: 'off' },
    { label: 'held', value: backfill.held, tone: 'warn' },
    { label: 'running', value: backfill.running, tone: 'run' },
    { label: 'left out', value: backfill.skipped, tone: 'wait' },
  ];
}

/** "night", or "each 6h": whose times it goes by. */
export function timesWords(backfill: Backfill): string {
  return backfill.trigger ?? (backfill.every_ms ? `each ${shortDuration(`${backfill.every_ms}ms`)}` : '–');
}

/** Nothing more is begun, and nothing of it runs. */
export function hasEnded(backfill: Backfill): boolean {
  return backfill.state !== 'running' && backfill.state !== 'paused';
}
