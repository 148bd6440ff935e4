// What the server says about inputs, at their fields.
import type { ProblemError } from '../../api/problem';

export interface Refused {
  /** By the id of the input. */
  fields: Record<string, string>;
  /** Whether all of the problem stands at a field. */
  whole: boolean;
}

const LINE = /^input '([^']+)'(?: \(default\))? (.*)$/;
const UNKNOWN = /^unknown input '([^']+)'/;
const POINTER = /^#?\/?(?:body\/)?inputs[/.]([^/.]+)/;

function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Takes a problem apart: its `errors[]` by their places, else the lines of its detail that name an input. */
export function refusedInputs(problem: ProblemError, ids: string[]): Refused {
  const fields: Record<string, string> = {};
  let whole = true;
  const put = (id: string | undefined, words: string): void => {
    if (id === undefined || !ids.includes(id)) whole = false;
    else fields[id] = fields[id] ? `${fields[id]} ${sentence(words)}` : sentence(words);
  };
  if (problem.errors.length > 0) {
    for (const flaw of problem.errors) {
      put(POINTER.exec(flaw.at)?.[1] ?? LINE.exec(flaw.detail)?.[1], LINE.exec(flaw.detail)?.[2] ?? flaw.detail);
    }
    return { fields, whole };
  }
  for (const line of problem.detail.split('\n')) {
    const named = LINE.exec(line);
    const placed = /^#\/inputs\/([^/ ]+)\S* (.*)$/.exec(line);
    if (named) put(named[1], named[2] ?? line);
    else if (placed) put(placed[1], placed[2] ?? line);
    else put(UNKNOWN.exec(line)?.[1], line);
  }
  return { fields, whole };
}
