// Times and durations as words.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Instant = string | number | Date;

/** Milliseconds since 1970; NaN of what is no time. */
export function millisOf(at: Instant): number {
  if (typeof at === 'number') return at;
  return at instanceof Date ? at.getTime() : Date.parse(at);
}

/** "1m 05s", "2h 03m", "3d 04h", "850ms"; "" of what is unknown. */
export function duration(millis: number | undefined): string {
  if (millis === undefined || Number.isNaN(millis)) return '';
  const whole = Math.max(0, millis);
  if (whole < SECOND) return `${Math.floor(whole)}ms`;
  if (whole < 10 * SECOND) return `${(Math.floor(whole / 100) / 10).toFixed(1)}s`;
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}s`;
  if (whole < HOUR) return pair(whole, MINUTE, 'm', SECOND, 's');
  if (whole < DAY) return pair(whole, HOUR, 'h', MINUTE, 'm');
  return pair(whole, DAY, 'd', HOUR, 'h');
}

function pair(millis: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((millis % large) / small);
  return `${Math.floor(millis / large)}${largeUnit} ${String(rest).padStart(2, '0')}${smallUnit}`;
}

/** For something that goes on and is drawn each second: no parts of a second. */
export function durationSoFar(millis: number): string {
  return millis < 10 * SECOND ? `${Math.max(0, Math.floor(millis / SECOND))}s` : duration(millis);
}

/** "3 min ago", "in 2 h"; a time of more than 30 days away as its date. */
export function relative(at: Instant, now: number = Date.now()): string {
  const millis = millisOf(at);
  if (Number.isNaN(millis)) return '';
  const away = Math.abs(now - millis);
  if (away < 5 * SECOND) return 'just now';
  if (away > 30 * DAY) return localDate(millis, now);
  const words = amount(away);
  return millis <= now ? `${words} ago` : `in ${words}`;
}

function amount(away: number): string {
  if (away < MINUTE) return `${Math.floor(away / SECOND)} s`;
  if (away < HOUR) return `${Math.floor(away / MINUTE)} min`;
  if (away < DAY) return `${Math.floor(away / HOUR)} h`;
  const days = Math.floor(away / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function localDate(millis: number, now: number): string {
  const date = new Date(millis);
  const day = `${date.getDate()} ${date.toLocaleString('en', { month: 'short' })}`;
  return date.getFullYear() === new Date(now).getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

/** ISO 8601 with the viewer's offset: "2025-03-01T09:05:07+01:00". */
export function isoLocal(at: Instant): string {
  const millis = millisOf(at);
  if (Number.isNaN(millis)) return '';
  const date = new Date(millis);
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${day(date)}T${clock(date)}${offset === 0 ? 'Z' : zone}`;
}

/** ISO 8601 in UTC, for `<time datetime>`. */
export function isoUtc(at: Instant): string {
  const millis = millisOf(at);
  return Number.isNaN(millis) ? '' : new Date(millis).toISOString();
}

function day(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "2025-03-01 09:05:07" in the viewer's zone. */
export function absolute(at: Instant): string {
  const millis = millisOf(at);
  if (Number.isNaN(millis)) return '';
  const date = new Date(millis);
  return `${day(date)} ${clock(date)}`;
}

/** "09:05:07", or with the milliseconds: for lines of a log. */
export function clockTime(at: Instant, withMillis = false): string {
  const millis = millisOf(at);
  if (Number.isNaN(millis)) return '';
  const date = new Date(millis);
  return withMillis ? `${clock(date)}.${String(date.getMilliseconds()).padStart(3, '0')}` : clock(date);
}

/** How long after `now` the words of `relative` may change. */
export function changesIn(at: Instant, now: number = Date.now()): number {
  const away = Math.abs(now - millisOf(at));
  if (away < MINUTE) return SECOND;
  return away < HOUR ? 10 * SECOND : MINUTE;
}
