// Lines with the colours of terminals, as parts with classes; never as HTML.
import Anser from 'anser';

export interface Part {
  text: string;
  /** Of base colours and decorations. */
  classes: string;
  /** Of other colours, as in CSS. */
  colour?: string;
  ground?: string;
  /** It is looked for. */
  hit: boolean;
}

const ESCAPE = '\u001b';
// What terminals are told besides colours: titles, cursor moves.
const OTHER = /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\[[0-9;?]*[A-Za-ln-z]|[()][A-Z0-9]|[=>78DMEHc])/g;
const ALL = /\u001b\[[0-9;:]*m/g;

/** The text alone, as it is read and searched. */
export function plain(text: string): string {
  return text.includes(ESCAPE) ? text.replace(OTHER, '').replace(ALL, '') : text;
}

function styled(text: string): Part[] {
  if (!text.includes(ESCAPE)) return [{ text, classes: '', hit: false }];
  return Anser.ansiToJson(text.replace(OTHER, ''), { use_classes: true, json: true, remove_empty: true }).map(
    (entry) => {
      const part: Part = { text: entry.content, classes: classesOf(entry), hit: false };
      const colour = freeColour(entry.fg, entry.fg_truecolor);
      const ground = freeColour(entry.bg, entry.bg_truecolor);
      if (colour) part.colour = colour;
      if (ground) part.ground = ground;
      return part;
    },
  );
}

function isBase(name: string | null): boolean {
  return name !== null && /^ansi-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/.test(name);
}

function classesOf(entry: Anser.AnserJsonEntry): string {
  const classes: string[] = entry.decorations.map((one) => `ansi-${one}`);
  if (isBase(entry.fg)) classes.push(entry.fg);
  if (isBase(entry.bg)) classes.push(`${entry.bg}-bg`);
  return classes.join(' ');
}

/** Of a colour that is none of the base ones. */
function freeColour(name: string | null, rgb: string | null): string | undefined {
  if (!name) return undefined;
  if (name === 'ansi-truecolor') return rgb ? `rgb(${rgb})` : undefined;
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  return palette ? paletteColour(Number(palette[1])) : undefined;
}

/** Of 256 colours: a cube of 6 × 6 × 6, then greys. */
function paletteColour(number: number): string {
  if (number >= 232) {
    const grey = (number - 232) * 10 + 8;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const level = (digit: number): number => (digit === 0 ? 0 : digit * 40 + 55);
  const rest = number - 16;
  return `rgb(${level(Math.floor(rest / 36))}, ${level(Math.floor(rest / 6) % 6)}, ${level(rest % 6)})`;
}

/** Where `query` (in lower case) stands in a text. */
export function hitsIn(text: string, query: string): number[] {
  const places: number[] = [];
  if (query === '') return places;
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, at + query.length)) places.push(at);
  return places;
}

/** A line in parts of one look each; what is looked for is marked, also across colours. */
export function partsOf(text: string, query = ''): Part[] {
  const parts = styled(text);
  const wanted = query.toLowerCase();
  const hits = hitsIn(parts.map((part) => part.text).join(''), wanted);
  if (hits.length === 0) return parts;
  const cuts = hits.flatMap((at) => [at, at + wanted.length]);
  const found: Part[] = [];
  let from = 0;
  for (const part of parts) {
    const to = from + part.text.length;
    const edges = [from, ...cuts.filter((cut) => cut > from && cut < to), to];
    for (let i = 0; i + 1 < edges.length; i += 1) {
      const [start = 0, stop = 0] = [edges[i], edges[i + 1]];
      const hit = hits.some((at) => start >= at && start < at + wanted.length);
      if (stop > start) found.push({ ...part, text: part.text.slice(start - from, stop - from), hit });
    }
    from = to;
  }
  return found;
}
