// What the clocks of a time zone show.
export interface Clock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const numeric = 'numeric';
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  });
  formats.set(zone, made);
  return made;
}

/** A zone that the browser knows; of an unknown one UTC. */
export function knownZone(zone: string | undefined): string {
  try {
    return zone && formatOf(zone) ? zone : 'UTC';
  } catch {
    return 'UTC';
  }
}

export function clockIn(zone: string, at: number): Clock {
  const clock: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) clock[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = clock;
  return { year, month, day, hour, minute, second };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "2026-11-01". */
export function dayText(clock: Clock): string {
  return `${clock.year}-${two(clock.month)}-${two(clock.day)}`;
}

/** "2026-11-01 06:00", with seconds where there are some. */
export function clockText(clock: Clock): string {
  const seconds = clock.second > 0 ? `:${two(clock.second)}` : '';
  return `${dayText(clock)} ${two(clock.hour)}:${two(clock.minute)}${seconds}`;
}

/** The day so many days after that of the clock: "2026-11-01". */
export function dayAfter(clock: Clock, days: number): string {
  return new Date(Date.UTC(clock.year, clock.month - 1, clock.day + days)).toISOString().slice(0, 10);
}
