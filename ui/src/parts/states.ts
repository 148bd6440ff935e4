// How each state of the API looks: its tone, its icon, and what it means.
import type { Component } from 'svelte';
import Ban from '@lucide/svelte/icons/ban';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleDashed from '@lucide/svelte/icons/circle-dashed';
import CirclePause from '@lucide/svelte/icons/circle-pause';
import CirclePlay from '@lucide/svelte/icons/circle-play';
import CircleSlash from '@lucide/svelte/icons/circle-slash';
import CircleX from '@lucide/svelte/icons/circle-x';
import Hand from '@lucide/svelte/icons/hand';
import Hourglass from '@lucide/svelte/icons/hourglass';
import OctagonMinus from '@lucide/svelte/icons/octagon-minus';
import Send from '@lucide/svelte/icons/send';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import Unplug from '@lucide/svelte/icons/unplug';

export type Tone = 'good' | 'run' | 'bad' | 'warn' | 'wait' | 'off';
export type IconType = Component<{ size?: number | string; class?: string }>;

export interface StateLook {
  tone: Tone;
  icon: IconType;
  /** One sentence, for a tooltip. */
  means: string;
}

export type StateKind =
  'run' | 'task' | 'attempt' | 'hold' | 'event' | 'backfill' | 'server' | 'input' | 'tick' | 'notice';

const look = (tone: Tone, icon: IconType, means: string): StateLook => ({ tone, icon, means });

const LOOKS: Record<string, StateLook> = {
  pending: look('wait', CircleDashed, 'It has not begun yet.'),
  queued: look('wait', Hourglass, 'It could begin, and waits for a slot.'),
  created: look('wait', CircleDashed, 'It is made, and not handed out yet.'),
  dispatched: look('wait', Send, 'It is handed out.'),
  acknowledged: look('wait', Hourglass, 'It is taken, and has not begun yet.'),
  starts: look('wait', Hourglass, 'It is on its way to its source.'),
  running: look('run', CirclePlay, 'It goes on.'),
  started: look('run', CirclePlay, 'It goes on.'),
  begun: look('run', CirclePlay, 'Its run is begun.'),
  run: look('good', CircleCheck, 'It has a run.'),
  completed: look('good', CircleCheck, 'It ended well.'),
  approved: look('good', CircleCheck, 'A person let it go on.'),
  ready: look('good', CircleCheck, 'It takes work.'),
  listens: look('good', CircleCheck, 'It takes what comes.'),
  enabled: look('good', CircleCheck, 'Its triggers start runs.'),
  warning: look('warn', TriangleAlert, 'It ended, with warnings.'),
  paused: look('warn', CirclePause, 'It waits for a person.'),
  held: look('warn', Hand, 'It waits for the word of a person.'),
  waits: look('warn', Hourglass, 'What comes is not taken at the moment.'),
  connected: look('run', Hourglass, 'It is there, and not ready yet.'),
  draining: look('warn', CirclePause, 'It ends what it has, and takes nothing new.'),
  blocked: look('off', OctagonMinus, 'It can never run: what it waits for has failed.'),
  error: look('bad', CircleX, 'It failed.'),
  failed: look('bad', CircleX, 'It failed.'),
  rejected: look('bad', CircleX, 'A person did not let it go on.'),
  dead: look('bad', CircleX, 'No run could be made of it; it waits to be tried again or dropped.'),
  unreachable: look('bad', Unplug, 'Nothing is heard of it; its attempts may go on.'),
  lost: look('bad', Unplug, 'Nothing is heard of it any more.'),
  cancelled: look('off', Ban, 'Somebody ended it.'),
  skipped: look('off', CircleSlash, 'It was passed over.'),
  dropped: look('off', Ban, 'Somebody dropped it.'),
  gone: look('off', Unplug, 'It is gone.'),
  disabled: look('off', CirclePause, 'Nothing starts runs of it.'),
  removed: look('off', Ban, 'It was removed.'),
};

const OWN: Partial<Record<StateKind, Record<string, StateLook>>> = {
  backfill: { paused: look('warn', CirclePause, 'It begins no more runs until it is resumed.') },
  event: { pending: look('wait', CircleDashed, 'Its run is not made yet.') },
  attempt: { started: look('run', CirclePlay, 'Its process goes on.') },
  notice: {
    retrying: look('warn', TriangleAlert, 'It is tried again.'),
    late: look('warn', Hourglass, 'It takes longer than was expected.'),
    stuck: look('warn', Hourglass, 'It may run, and nobody begins it.'),
  },
};

export function lookOf(state: string, kind?: StateKind): StateLook {
  const own = kind ? OWN[kind]?.[state] : undefined;
  return own ?? LOOKS[state] ?? look('wait', CircleDashed, '');
}

const FINAL = new Set(['completed', 'warning', 'error', 'cancelled', 'failed', 'skipped', 'blocked']);

/** Whether nothing follows: of runs, tasks, attempts and backfills. */
export function isFinal(state: string): boolean {
  return FINAL.has(state);
}

export const RUN_STATES = ['pending', 'running', 'paused', 'completed', 'warning', 'error', 'cancelled'] as const;
export const EVENT_STATES = ['pending', 'run', 'dead', 'dropped'] as const;
