/** Durations as declarations write them: "250ms", "10s", "1h30m", "PT10M". */

/** A text as above, or seconds. */
export type Duration = string | number;

const PLAIN = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const ISO = /^P(?=[\dT])(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/;
const UNITS_MS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;
const FORMS = 'write it like 250ms, 10s, 5m, 2h, 1d, 1h30m or PT10M, or give seconds';

/** The text of a declaration. RangeError: it is none, and how one is written. */
export function durationText(value: Duration): string {
  if (typeof value === 'string') {
    if (value !== '' && (PLAIN.test(value) || ISO.test(value))) return value;
    throw new RangeError(`'${value}' is not a duration: ${FORMS}`);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new RangeError(`${String(value)} is not a duration: ${FORMS}`);
  }
  if (value < 0) throw new RangeError(`${value} is not a duration: it is negative`);
  let rest = Math.round(value * 1000);
  let text = '';
  for (const [name, unit] of UNITS_MS) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) text += `${count}${name}`;
  }
  return text || '0s';
}

/** The same as seconds; ISO 8601 is not taken here. RangeError: it is none. */
export function secondsOf(value: Duration): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new RangeError(`${value} is not a duration: ${FORMS}`);
  }
  const found = value === '' ? null : PLAIN.exec(value);
  if (found === null) throw new RangeError(`'${value}' is not a duration: ${FORMS}`);
  const ms = UNITS_MS.reduce((sum, [, unit], index) => sum + Number(found[index + 1] ?? 0) * unit, 0);
  return ms / 1000;
}
