// What somebody wants to fill in: it stands in the address, but for the inputs.
import { queryFlag, queryValue } from '../../parts/route.svelte';
import { clockIn, dayAfter, knownZone } from '../../parts/backfill/zone';
import { dynaCommand } from '../../text';

export interface ScheduleForm {
  id: string;
  type: string;
  timezone?: string;
  disabled?: boolean;
  inputs?: Record<string, unknown>;
}

export interface NamedText {
  name: string;
  value: string;
}

export interface WishBody {
  from: string;
  to: string;
  trigger?: string;
  every?: string;
  parallel?: number;
  only_missing?: boolean;
  newest_first?: boolean;
  inputs?: NamedText[];
}

export const EVERY = '*';

export class Wish {
  readonly flow = queryValue('flow');
  readonly by = queryValue('by');
  readonly every = queryValue('every', '1d');
  readonly from = queryValue('from');
  readonly to = queryValue('to');
  readonly parallel = queryValue('parallel', '1');
  readonly missing = queryFlag('missing');
  readonly newest = queryFlag('newest');

  /** The trigger whose times are taken; undefined: each so long. */
  triggerOf(schedules: ScheduleForm[]): ScheduleForm | undefined {
    if (this.by.value === EVERY) return undefined;
    const named = schedules.find((one) => one.id === this.by.value);
    return named ?? schedules.find((one) => !one.disabled) ?? schedules[0];
  }

  /** The days before today, by the clocks of the zone. */
  lastDays(days: number, zone: string): void {
    const today = clockIn(knownZone(zone), Date.now());
    this.from.value = `${dayAfter(today, -days)}T00:00`;
    this.to.value = `${dayAfter(today, 0)}T00:00`;
  }

  body(trigger: ScheduleForm | undefined, inputs: NamedText[]): WishBody {
    const parallel = Number(this.parallel.value);
    return {
      from: this.from.value,
      to: this.to.value,
      ...(trigger ? { trigger: trigger.id } : { every: this.every.value }),
      ...(parallel !== 1 ? { parallel } : {}),
      ...(this.missing.value ? { only_missing: true } : {}),
      ...(this.newest.value ? { newest_first: true } : {}),
      ...(inputs.length > 0 ? { inputs } : {}),
    };
  }
}

export function commandOf(flow: string, body: WishBody): string {
  return dynaCommand(
    'backfill',
    flow,
    '--from',
    body.from,
    '--to',
    body.to,
    ...(body.trigger ? ['--trigger', body.trigger] : ['--every', body.every]),
    ...(body.parallel ? ['--parallel', body.parallel] : []),
    body.only_missing && '--only-missing',
    body.newest_first && '--reverse',
    ...(body.inputs ?? []).flatMap(({ name, value }) => ['--input', `${name}=${value}`]),
  );
}
