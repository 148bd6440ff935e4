// What a file can be shown as, and how much of it.
export type PreviewKind = 'csv' | 'json' | 'text' | 'image';

const IMAGES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  svg: 'image/svg+xml',
  bmp: 'image/bmp',
  ico: 'image/x-icon',
};
const TEXTS = new Set(
  'txt log md yaml yml toml ini cfg conf xml html htm sql py sh js ts css env properties rst diff patch out err'.split(
    ' ',
  ),
);

export const TEXT_BYTES_MOST = 512 * 1024;
export const IMAGE_BYTES_MOST = 16 * 1024 * 1024;
export const CSV_ROWS_MOST = 200;

function endingOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** Undefined: it is only for download. */
export function previewOf(name: string, bytes: number): PreviewKind | undefined {
  const ending = endingOf(name);
  if (ending in IMAGES) return bytes <= IMAGE_BYTES_MOST ? 'image' : undefined;
  if (ending === 'csv' || ending === 'tsv') return 'csv';
  if (ending === 'json' || ending === 'geojson') return bytes <= TEXT_BYTES_MOST ? 'json' : 'text';
  if (ending === 'jsonl' || ending === 'ndjson' || TEXTS.has(ending)) return 'text';
  return ending === '' && bytes <= TEXT_BYTES_MOST ? 'text' : undefined;
}

export function imageType(name: string): string {
  return IMAGES[endingOf(name)] ?? 'image/png';
}

/** The first `most` bytes of an answer; what comes after is not waited for. */
export async function firstBytes(
  response: Response,
  most: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; cut: boolean }> {
  const reader = response.body?.getReader();
  if (!reader) return { bytes: new Uint8Array(), cut: false };
  const parts: Uint8Array[] = [];
  let size = 0;
  let cut = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size <= most) continue;
    cut = true;
    void reader.cancel().catch(() => {});
    break;
  }
  const bytes = new Uint8Array(Math.min(size, most));
  let at = 0;
  for (const part of parts) {
    const room = part.subarray(0, bytes.length - at);
    bytes.set(room, at);
    at += room.length;
  }
  return { bytes, cut };
}

/** As text; undefined of what is none. A character that the cut went through is left out. */
export function textOf(bytes: Uint8Array<ArrayBuffer>, cut: boolean): string | undefined {
  let text = new TextDecoder('utf-8').decode(bytes, { stream: cut });
  text = text.replace(/^\ufeff/, '');
  return text.includes('\0') ? undefined : text;
}

/** Without the last line, of which a part may be missing. */
export function wholeLines(text: string, cut: boolean): string {
  return cut ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
}
