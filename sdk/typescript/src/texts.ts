/** JSON and texts within the bounds of messages. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** One line of JSON of what is known to be JSON. */
export function dumps(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** Its bytes in UTF-8. */
export function sizeOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** Without halves of surrogate pairs, which are in no UTF-8: each becomes U+FFFD. */
export function clean(text: string): string {
  return text.toWellFormed();
}

/** Cut to so many bytes, with `…` where something is missing. */
export function fit(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || sizeOf(text) <= bytesMax) return text;
  const bytes = Buffer.from(text, 'utf8');
  let end = bytesMax - 3;
  // Not within a character: its later bytes are 10xxxxxx.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString('utf8')}…`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
