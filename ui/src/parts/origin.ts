// How a run began, in a word and in words.
import type { Run } from '../api/types';

export type OriginKind = 'rerun' | 'backfill' | 'flow task' | 'by hand' | 'trigger' | string;

type Began = Pick<Run, 'rerun_of' | 'backfill' | 'parent' | 'trigger'>;

/** `type` of its trigger, where it is known: schedule, webhook, … */
export function originOf(run: Began, type?: string): OriginKind {
  if (run.rerun_of) return 'rerun';
  if (run.backfill) return 'backfill';
  if (run.parent) return 'flow task';
  if (run.trigger) return type ?? 'trigger';
  return 'by hand';
}

/** "rerun of 7", "schedule nightly": what a cell says. */
export function originText(run: Began, type?: string): string {
  const kind = originOf(run, type);
  if (run.rerun_of) return `rerun of ${run.rerun_of}`;
  if (run.backfill) return `backfill ${run.backfill}`;
  if (run.parent) return `by run ${run.parent.run}`;
  return run.trigger ? `${kind} ${run.trigger}` : kind;
}
