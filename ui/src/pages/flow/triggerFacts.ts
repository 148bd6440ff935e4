// What a trigger waits for, in words, from the canonical form of its flow.
import { listed } from '../../text';
import { shortDuration } from '../../text/durations';
import type { TriggerForm } from './form';

type Fact = [label: string, value: string];

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const names = (value: unknown): string => (Array.isArray(value) ? listed(value.map(text)) : text(value));
const span = (value: unknown): string => shortDuration(text(value));

function batchWords(value: unknown): string {
  const { max = 1000, within } = value as { max?: number; within?: unknown };
  return `one run for up to ${max} events, ${span(within)} after the first at the latest`;
}

const CATCH_UP: Record<string, string> = {
  all: 'all times have their runs',
  latest: 'the latest time has its run',
  none: 'none has a run',
};

function schedule(form: TriggerForm): Fact[] {
  const missed = CATCH_UP[text(form.catch_up ?? 'latest')] ?? text(form.catch_up);
  return [
    ['Due', text(form.cron)],
    ['By the clocks of', text(form.timezone ?? 'UTC')],
    ['What was missed', form.window ? `${missed}, if it is no older than ${span(form.window)}` : missed],
    ...(form.jitter ? [['Later by up to', span(form.jitter)] satisfies Fact] : []),
    ...(form.holidays ? [['Not on', names(form.holidays)] satisfies Fact] : []),
  ];
}

/** Keys that are told in words of their own, by type; what is left is told as it stands. */
const WORDS: Record<string, [label: string, words: (value: unknown) => string]> = {
  flows: ['After runs of', names],
  need: ['Of how many of them', text],
  states: ['That ended as', names],
  within: ['From the first to the last', span],
  tables: ['Tables', names],
  topics: ['Topics', names],
  operations: ['Operations', names],
  rows: ['Of a row', text],
  mode: ['Hears of changes by', text],
  group: ['Consumer group', text],
  format: ['Format', text],
  start: ['Begins at', text],
  where: ['Only where', text],
  dedupe: ['The same where', text],
  event_id: ['Id of an event', text],
  batch: ['In batches', batchWords],
  debounce: ['Waits until it is quiet for', span],
  wait: ['The answer waits', span],
  tolerance: ['A signature may be old', span],
  path_secret: ['Secret at the end of the path', text],
  signing_secret: ['Signed with the secret', names],
  over_gaps: ['Goes on over gaps', text],
  install: ['Makes what it needs there', text],
};

export function triggerFacts(form: TriggerForm): Fact[] {
  if (form.type === 'schedule') return schedule(form);
  return Object.entries(WORDS).flatMap(([key, [label, words]]) =>
    form[key] === undefined ? [] : [[label, words(form[key])] satisfies Fact],
  );
}
