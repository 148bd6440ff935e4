// Where in a YAML text somebody is typing: the keys around, and the keys beside. It goes by indentation alone, since a
// text that is being written is seldom right.

/** A key, or an item of a list, around the place; of what has a key `type` beside, its value. */
export interface Step {
  key?: string;
  item?: boolean;
  type?: string | undefined;
}

export interface Place {
  /** From the outside in. */
  path: Step[];
  /** `type` beside the place. */
  type: string | undefined;
  /** Keys that stand beside it already. */
  siblings: string[];
  /** Of a value, its key. */
  key?: string;
  /** What is typed already, and where it begins in the text. */
  typed: string;
  from: number;
}

interface Line {
  /** Column of its first key or value. */
  column: number;
  /** Column of the dash, where it begins an item. */
  dash?: number;
  key?: string;
  value: string;
}

const KEY = /^(?:"([^"]*)"|'([^']*)'|([\w./-]+))\s*:(?:\s+|$)(.*)$/;

function readLine(text: string): Line | undefined {
  const [, blanks = '', dashes = '', rest = ''] = /^(\s*)((?:- +|-$)*)(.*)$/.exec(text) ?? [];
  if ((rest === '' && dashes === '') || rest.startsWith('#')) return undefined;
  const found = KEY.exec(rest);
  return {
    column: blanks.length + dashes.length,
    ...(dashes === '' ? {} : { dash: blanks.length + dashes.lastIndexOf('-') }),
    ...(found ? { key: found[1] ?? found[2] ?? found[3] ?? '' } : {}),
    value: found ? (found[4] ?? '').trim() : rest.trim(),
  };
}

const BLOCK = /^[|>][+-]?\d*$/;

class Reader {
  readonly lines: (Line | undefined)[];

  constructor(texts: string[]) {
    this.lines = texts.map(readLine);
  }

  /** Keys and values of the map at `column` around line `at`, above and below; they end at a dash or at less indentation. */
  beside(at: number, column: number): Map<string, string> {
    const found = new Map<string, string>();
    const take = (line: Line): void => {
      if (line.column === column && line.key !== undefined) found.set(line.key, line.value);
    };
    for (let i = at; i >= 0; i -= 1) {
      const line = this.lines[i];
      if (!line) continue;
      if (line.column < column || (line.dash !== undefined && line.dash >= column && i !== at)) {
        if (line.column < column) break;
        continue;
      }
      take(line);
      if (line.dash !== undefined && line.column === column) break;
    }
    for (let i = at + 1; i < this.lines.length; i += 1) {
      const line = this.lines[i];
      if (!line) continue;
      if (line.column < column || (line.dash !== undefined && line.dash < column)) break;
      if (line.dash === undefined) take(line);
    }
    return found;
  }

  /** The steps around line `at`, whose key begins at `column`; undefined inside of a text over several lines. */
  around(at: number, column: number): Step[] | undefined {
    const path: Step[] = [];
    let [line, list] = [this.lines[at], false];
    let edge = column;
    for (let i = at; i >= 0; i -= 1) {
      line = this.lines[i];
      if (!line || (list ? line.column > edge && line.dash === undefined : false)) continue;
      if (list) {
        // A list stands under its key, or at the same column.
        const owner = line.key !== undefined && line.value === '' && line.column <= edge && i !== at;
        if (!owner) continue;
        path.unshift({ key: line.key ?? '', type: this.beside(i, line.column).get('type') });
        [edge, list] = [line.column, false];
      } else if (i !== at && line.column < edge) {
        if (line.key === undefined || BLOCK.test(line.value)) return BLOCK.test(line.value) ? undefined : path;
        path.unshift({ key: line.key, type: this.beside(i, line.column).get('type') });
        edge = line.column;
      }
      if (!list && line.dash !== undefined && line.column === edge) {
        path.unshift({ item: true, type: this.beside(i, edge).get('type') });
        [edge, list] = [line.dash, true];
      }
    }
    return path;
  }
}

/** "{a: 1, b" of a line, after the last brace that is open. */
function openBrace(text: string): { before: string; inside: string } | undefined {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i -= 1) {
    if (text[i] === '}') depth += 1;
    if (text[i] === '{' && text[i - 1] !== '{' && text[i + 1] !== '{') {
      if (depth === 0) return { before: text.slice(0, i), inside: text.slice(i + 1) };
      depth -= 1;
    }
  }
  return undefined;
}

function inBraces(reader: Reader, at: number, text: string, offset: number): Place | undefined {
  const open = openBrace(text);
  const line = open && readLine(open.before.trimEnd());
  if (!open || !line) return undefined;
  const around = reader.around(at, line.column);
  if (!around) return undefined;
  const pairs = open.inside.split(',');
  const typed = (pairs.at(-1) ?? '').trimStart();
  const known = new Map(pairs.map((pair) => KEY.exec(pair.trim())).map((one) => [one?.[3] ?? '', one?.[4] ?? '']));
  const own: Step[] = line.key === undefined ? [] : [{ key: line.key }];
  const asItem = line.dash !== undefined && line.key === undefined;
  const base = asItem && around.at(-1)?.item !== true ? [...around, { item: true }] : around;
  const path = [...base, ...own];
  const value = /^([\w./-]+):\s+(.*)$/.exec(typed);
  const partial = value ? (value[2] ?? '') : typed;
  return {
    path: path.map((step, i) => (i === path.length - 1 && step.item ? { ...step, type: known.get('type') } : step)),
    type: known.get('type'),
    siblings: [...known.keys()].filter((key) => key !== ''),
    ...(value ? { key: value[1] ?? '' } : {}),
    typed: partial,
    from: offset - partial.length,
  };
}

/** Undefined where nothing can be said: in a comment, or in a text over several lines. */
export function placeAt(text: string, offset: number): Place | undefined {
  const texts = text.split('\n');
  const before = text.slice(0, offset).split('\n');
  const at = before.length - 1;
  const line = before[at] ?? '';
  if (/(^|\s)#/.test(line)) return undefined;
  const reader = new Reader(texts);
  if (openBrace(line)) return inBraces(reader, at, line, offset);
  const [, blanks = '', dashes = '', rest = ''] = /^(\s*)((?:- +|-$)*)(.*)$/.exec(line) ?? [];
  const column = blanks.length + dashes.length;
  const dash = dashes === '' ? {} : { dash: blanks.length + dashes.lastIndexOf('-') };
  const found = KEY.exec(rest);
  reader.lines[at] = { column, ...dash, value: rest, ...(found ? { key: found[3] ?? '' } : {}) };
  const path = reader.around(at, column);
  if (!path) return undefined;
  const beside = reader.beside(at, column);
  const typed = found ? (found[4] ?? '') : rest;
  if (!found && !/^[\w./-]*$/.test(rest)) return undefined;
  if (found) beside.delete(found[3] ?? '');
  return {
    path,
    type: beside.get('type'),
    siblings: [...beside.keys()],
    ...(found ? { key: found[3] ?? '' } : {}),
    typed,
    from: offset - typed.length,
  };
}
