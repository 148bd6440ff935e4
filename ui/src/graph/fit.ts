/**
 * Texts cut to a width; SVG does not do that by itself. Each letter is measured once in each font: what pairs of them
 * do to the width is too little to matter, and in a run texts change too often to measure each.
 */
let context: CanvasRenderingContext2D | null | undefined;
const fonts = new Map<string, Map<string, number>>();
const FALLBACK = 7;

function widthOf(letter: string, font: string, widths: Map<string, number>): number {
  let width = widths.get(letter);
  if (width !== undefined) return width;
  context ??= document.createElement('canvas').getContext('2d');
  if (context === null) return FALLBACK;
  if (context.font !== font) context.font = font;
  width = context.measureText(letter).width;
  widths.set(letter, width);
  return width;
}

/** Cut between words where that is possible: what is shown is then said in the same words. */
function cut(text: string, kept: number): string {
  const space = text.lastIndexOf(' ', kept);
  return `${text.slice(0, space > 0 ? space : kept).replace(/[\s·,]+$/u, '')}…`;
}

export function fit(text: string, width: number, font: string): string {
  let widths = fonts.get(font);
  if (widths === undefined) fonts.set(font, (widths = new Map()));
  const dots = widthOf('…', font, widths);
  let length = 0;
  let kept = 0;
  for (const letter of text) {
    length += widthOf(letter, font, widths);
    if (length > width) return cut(text, kept);
    if (length + dots <= width) kept += letter.length;
  }
  return text;
}
