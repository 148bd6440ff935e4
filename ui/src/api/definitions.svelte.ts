// What flows are: their canonical forms, of which lists have only the hash. Each content is read once.
import { inTurns, readAll } from './all';
import { api, take } from './client';
import { asProblem, type ProblemError } from './problem';
import { keepFresh } from './resource.svelte';
import type { FlowRow } from './types';

export type Form = Record<string, unknown>;

const PAGE = 500;
const PAGES = 4;
const AT_ONCE = 6;
const KEPT = 3000;
const EAGER = 25;

const kept = new Map<string, Form>();

/** The canonical form of a flow as a list has it. */
async function formOf(row: FlowRow): Promise<Form> {
  const key = `${row.flow} ${row.hash}`;
  const known = kept.get(key);
  if (known) return known;
  const path = { namespace: row.namespace || '_', flow: row.id };
  const flow = await take(api.GET('/api/v1/flows/{namespace}/{flow}', { params: { path } }));
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(`${flow.flow} ${flow.hash}`, flow.canonical as Form);
  return flow.canonical as Form;
}

/** Whether a task server declared it; with the name of that, `team/server`. */
export function serverOfFlow(row: Pick<FlowRow, 'file'>): string | undefined {
  return row.file?.match(/^task server (\S+)$/)?.[1];
}

interface Options {
  /** Which flows are read at all; those of the smaller number first. Undefined: not this one. */
  rank?: (row: FlowRow) => number | undefined;
  /** So many forms are read before somebody asks for more. */
  first: number;
  /** Forms are told as they come, not only once all of them are there. */
  eager?: boolean;
}

export class Definitions {
  /** All that are wanted, in the order in which they are read. */
  rows = $state.raw<FlowRow[]>([]);
  /** By full name. */
  forms = $state.raw<ReadonlyMap<string, Form>>(new Map());
  /** The list has come, and all forms that were asked for. */
  loaded = $state(false);
  reading = $state(false);
  /** So many were read since that began. */
  read = $state(0);
  error = $state.raw<ProblemError>();
  /** There are more flows than the list was read of. */
  cut = $state(false);
  #wanted: number;
  #turn = 0;

  constructor(private readonly options: Options) {
    this.#wanted = options.first;
  }

  /** Flows whose forms are not read yet. */
  get left(): number {
    return Math.max(0, this.rows.length - this.forms.size);
  }

  readMore = (): Promise<void> => {
    this.#wanted += this.options.first;
    return this.#readForms((this.#turn += 1));
  };

  readAll = (): Promise<void> => {
    this.#wanted = this.rows.length;
    return this.#readForms((this.#turn += 1));
  };

  reload = async (): Promise<void> => {
    const turn = (this.#turn += 1);
    try {
      const { signal } = new AbortController();
      const all = await readAll(listFlows, signal, { most: PAGES });
      if (turn !== this.#turn) return;
      this.cut = all.cut;
      this.rows = ranked(all.items, this.options.rank);
      await this.#readForms(turn);
    } catch (error) {
      if (turn === this.#turn) this.error = asProblem(error);
    }
  };

  #timer: ReturnType<typeof setTimeout> | undefined;

  reloadSoon = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.reload(), 500);
  };

  end(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  async #readForms(turn: number): Promise<void> {
    const over = (): boolean => turn !== this.#turn;
    const found = new Map<string, Form>();
    this.reading = true;
    this.read = 0;
    let problem: ProblemError | undefined;
    const read = async (row: FlowRow): Promise<void> => {
      try {
        found.set(row.flow, await formOf(row));
        if (over()) return;
        this.read = found.size;
        if (this.options.eager && !this.loaded && found.size % EAGER === 0) this.forms = new Map(found);
      } catch (error) {
        // One that was removed meanwhile is not missed.
        if (asProblem(error).status !== 404) problem = asProblem(error);
      }
    };
    await inTurns(this.rows.slice(0, this.#wanted), AT_ONCE, read, () => over() || problem !== undefined);
    if (over()) return;
    this.forms = found;
    this.error = problem;
    this.loaded = true;
    this.reading = false;
  }
}

async function listFlows(after: string | undefined, signal: AbortSignal) {
  const query = { limit: PAGE, ...(after ? { after } : {}) };
  const page = await take(api.GET('/api/v1/flows', { params: { query }, signal }));
  return { items: page.flows, next: page.next };
}

function ranked(rows: FlowRow[], rank: Options['rank']): FlowRow[] {
  if (!rank) return rows;
  const ranks = new Map(rows.map((row) => [row, rank(row)]));
  return rows
    .filter((row) => ranks.get(row) !== undefined)
    .sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0) || (a.flow < b.flow ? -1 : 1));
}

/** In a component: read when it begins, and again when `reloadSoon` is called. */
export function definitions(options: Options): Definitions {
  const made = new Definitions(options);
  keepFresh(made, {});
  return made;
}
