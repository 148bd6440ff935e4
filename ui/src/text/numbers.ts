// Numbers, sizes and counts as words.

const grouped = new Intl.NumberFormat('en-US');

/** "12,345". */
export function count(value: number): string {
  return grouped.format(value);
}

/** "1 run", "1,200 runs"; of words with another plural: `counted(2, 'retry', 'retries')`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** "512 B", "1.5 KiB". */
export function bytes(value: number): string {
  let amount = value;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 100 ? 0 : 1;
  return `${amount.toFixed(digits)} ${UNITS[unit]}`;
}

/** "42 %"; never 0 % or 100 % of what is only nearly that. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const share = (part / whole) * 100;
  if (share > 0 && share < 1) return '<1 %';
  if (share > 99 && share < 100) return '99 %';
  return `${Math.round(share)} %`;
}

/** "a, b and c". */
export function listed(words: string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
