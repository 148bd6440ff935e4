// Durations as the flow language writes them: "1h30m", "600000ms", "PT10M".

const MILLIS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const PLAIN = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function sum(counts: (string | undefined)[], units: number[]): number | undefined {
  if (counts.every((count) => count === undefined)) return undefined;
  return counts.reduce((all, count, place) => all + Number(count ?? 0) * (units[place] ?? 0), 0);
}

/** In milliseconds; undefined of what is no duration. */
export function millisIn(text: string): number | undefined {
  const { d, h, m, s, ms } = MILLIS;
  const plain = PLAIN.exec(text);
  if (plain) return sum(plain.slice(1), [d, h, m, s, ms]);
  const iso = ISO.exec(text);
  return iso ? sum(iso.slice(1), [7 * d, d, h, m, s]) : undefined;
}

/** In the largest units that fit: "600000ms" as "10m"; what is no duration stays as it is. */
export function shortDuration(text: string): string {
  const millis = millisIn(text);
  if (millis === undefined) return text;
  let rest = millis;
  const parts: string[] = [];
  for (const [unit, size] of Object.entries(MILLIS)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join('') || '0s';
}
