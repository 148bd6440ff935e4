// Why runs failed: the list of runs does not tell of which task, the notices do.
import { api, isAbort, take } from '../../api';

export interface Fault {
  code: string;
  owner: string;
  task: string;
  message: string;
}

const PAGE = 500;
const OF_ONE = 20;
const AT_ONCE = 3;

export class Faults {
  #known = new Map<number, Fault | undefined>();
  #version = $state(0);
  #wanted: number[] = [];
  #busy = 0;
  #page: Promise<void> | undefined;
  #stopped = new AbortController();

  of(run: number): Fault | undefined {
    void this.#version;
    return this.#known.get(run);
  }

  /** These failed, and are seen. */
  want(runs: number[]): void {
    const missing = runs.filter((run) => !this.#known.has(run) && !this.#wanted.includes(run));
    if (missing.length === 0) return;
    // One call tells of the newest; older runs are asked for one by one when they are seen.
    this.#page ??= this.#readPage();
    void this.#page.then(() => {
      this.#wanted.push(...missing.filter((run) => !this.#known.has(run)));
      this.#go();
    });
  }

  end(): void {
    this.#stopped.abort();
  }

  async #readPage(): Promise<void> {
    await this.#read({ limit: PAGE });
  }

  #go(): void {
    while (this.#busy < AT_ONCE && this.#wanted.length > 0) {
      // Those that came last are seen now.
      const run = this.#wanted.pop() as number;
      if (this.#known.has(run)) continue;
      this.#busy += 1;
      void this.#read({ run, limit: OF_ONE }).then(() => {
        if (!this.#known.has(run)) this.#known.set(run, undefined);
        this.#busy -= 1;
        this.#go();
      });
    }
  }

  async #read(query: { run?: number; limit: number }): Promise<void> {
    try {
      const call = { params: { query }, signal: this.#stopped.signal };
      const { notices } = await take(api.GET('/api/v1/notices', call));
      for (const notice of notices) {
        if (notice.run === undefined) continue;
        if (notice.kind !== 'failed' && notice.kind !== 'blocked') continue;
        // What failed by itself tells more than what is blocked by it.
        if (notice.kind !== 'failed' && this.#known.get(notice.run)) continue;
        this.#known.set(notice.run, {
          code: notice.code ?? notice.kind,
          owner: notice.cause ?? notice.team,
          task: notice.task ?? '',
          message: notice.description,
        });
      }
      this.#version += 1;
    } catch (error) {
      // A row without its reason is still a row; its page tells more.
      if (isAbort(error)) return;
    }
  }
}
