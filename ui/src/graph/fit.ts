/**
 * Texts cut to a width; SVG does not do that by itself. Each letter is measured once in each font: what pairs of them
 * do to the width is too little to matter, and in a run texts change too often to measure each.
 */
let context: CanvasRenderingContext2D | null | undefined;
interface Font {
  widths: Map<string, number>;
  /** Of the common letters. */
  widest: number;
}
const fonts = new Map<string, Font>();
const FALLBACK = 7;
const COMMON = Array.from({ length: 95 }, (_, place) => String.fromCharCode(32 + place)).concat('…', '·');
const IS_COMMON = /^[ -~…·]*$/;

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

/** Of a font that is new, the letters that most texts are of, at once: to choose a font takes a canvas longest. */
function measured(font: string): Font {
  const known = fonts.get(font);
  if (known !== undefined) return known;
  const widths = new Map<string, number>();
  const widest = Math.max(...COMMON.map((letter) => widthOf(letter, font, widths)));
  const made = { widths, widest };
  fonts.set(font, made);
  return made;
}

export function fit(text: string, width: number, font: string): string {
  const { widths, widest } = measured(font);
  if (text.length * widest <= width && IS_COMMON.test(text)) return text;
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
