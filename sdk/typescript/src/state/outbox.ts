/**
 * What has to be known after a kill: messages that need a receipt, until it is there, and which attempts were accepted.
 *
 * Threads of work: one `commit` at a time.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CordynaError } from '../errors.ts';
import { ENDS, type KeptMessage, Message } from '../messages.ts';
import type { Left } from '../protocol/attempts.ts';
import type { Batch } from '../protocol/outgoing.ts';
import { isObject } from '../texts.ts';
import { Journal } from './journal.ts';
import { Lock } from './lock.ts';

/** Names of attempts that have ended, so that none of them is run again. */
const PAST_MAX = 1000;
/** A smaller journal is not worth writing anew. */
const COMPACT_MIN = 1 << 20;
const VERSION = 1;

export type Commit = Pick<Batch, 'save' | 'forget' | 'over'>;

export interface Outbox {
  /** What the process before this one has left. To be called once, before `commit`. */
  readonly left: Left;
  /** Atomic. An Error of Node.js: it could not be written, and nothing was. */
  commit(what: Commit): Promise<void>;
  /** Of these declarations: the one that they had, or one that is greater than all before and at least `candidate`. */
  revision(hash: string, candidate: number): Promise<number>;
  close(): Promise<void>;
}

interface Facts {
  revision: number;
  hash: string;
}
/** One line of the journal. */
export interface Entry {
  save?: KeptMessage[];
  forget?: string[];
  over?: string[];
  /** Data of `task.queued` of what was accepted and has no end. */
  running?: string[];
  past?: string[];
  facts?: Facts;
}

/** What the lines of a journal come to. */
export class Contents {
  readonly messages = new Map<string, KeptMessage>();
  readonly running = new Map<string, string>();
  readonly past = new Set<string>();
  facts: Facts = { revision: 0, hash: '' };

  apply(entry: Entry): void {
    for (const name of entry.past ?? []) this.#passed(name);
    for (const data of entry.running ?? []) this.running.set(attemptOf(data), data);
    for (const message of entry.save ?? []) this.#save(message);
    for (const id of entry.forget ?? []) this.messages.delete(id);
    for (const name of entry.over ?? []) this.#passed(name);
    if (entry.facts !== undefined) this.facts = entry.facts;
  }

  #save(message: KeptMessage): void {
    this.messages.set(message.id, message);
    if (message.type === 'task.queued') this.running.set(message.attempt, message.data);
    else if (ENDS[message.type] !== undefined) this.#passed(message.attempt);
  }

  #passed(name: string): void {
    this.running.delete(name);
    this.past.delete(name);
    this.past.add(name);
    if (this.past.size <= PAST_MAX) return;
    const [oldest] = this.past;
    if (oldest !== undefined) this.past.delete(oldest);
  }

  /** Of a process before: nothing is told of what was only queued then. */
  begin(): Left {
    const kept = [...this.messages.values()].filter((one) => one.type !== 'task.queued');
    this.messages.clear();
    for (const one of kept) this.messages.set(one.id, one);
    return {
      messages: kept.map((one) => new Message(one.id, one.type, one.attempt, one.data, 0, true, one.time)),
      lost: [...this.running.values()],
      past: [...this.past, ...this.running.keys()],
    };
  }

  whole(): Entry {
    return {
      past: [...this.past],
      running: [...this.running.values()],
      save: [...this.messages.values()].filter((one) => one.type !== 'task.queued' || this.running.has(one.attempt)),
      facts: this.facts,
    };
  }

  nextRevision(hash: string, candidate: number): number {
    if (this.facts.revision > 0 && this.facts.hash === hash) return this.facts.revision;
    return Math.max(this.facts.revision + 1, candidate);
  }
}

/** For those who want no disk: what has no receipt is lost with the process. */
export class MemoryOutbox implements Outbox {
  readonly left: Left = { messages: [], lost: [], past: [] };
  readonly #contents = new Contents();

  async commit(): Promise<void> {
    // There is nothing that would outlive the process.
  }

  async revision(hash: string, candidate: number): Promise<number> {
    const revision = this.#contents.nextRevision(hash, candidate);
    this.#contents.facts = { revision, hash };
    return revision;
  }

  async close(): Promise<void> {
    // Nor anything to let go.
  }
}

/** In a folder of its own, which one process at a time may have. */
export class DiskOutbox implements Outbox {
  readonly left: Left;
  readonly #folder: string;
  readonly #lock: Lock;
  readonly #journal: Journal;
  readonly #contents: Contents;
  #bytesWhole = 0;

  private constructor(folder: string, lock: Lock, journal: Journal, contents: Contents) {
    this.#folder = folder;
    this.#lock = lock;
    this.#journal = journal;
    this.#contents = contents;
    this.left = contents.begin();
  }

  /** `warn` is told of what a kill has torn. CordynaError: the folder cannot be used, and why. */
  static async open(folder: string, warn: (text: string) => void): Promise<DiskOutbox> {
    const lock = await mkdir(folder, { recursive: true, mode: 0o700 })
      .then(() => Lock.take(folder))
      .catch((error: unknown) => {
        throw unusable(folder, 'made', error);
      });
    try {
      const { journal, records, tornBytes } = await Journal.open(join(folder, 'outbox.journal'));
      if (tornBytes > 0) warn(`${journal.path}: ${tornBytes} bytes that were being written at its end are cut off`);
      const contents = read(records, folder);
      const made = new DiskOutbox(folder, lock, journal, contents);
      await made.#compact();
      return made;
    } catch (error) {
      await lock.release();
      throw unusable(folder, 'read', error);
    }
  }

  async commit({ save, forget, over }: Commit): Promise<void> {
    if (save.length === 0 && forget.length === 0 && over.length === 0) return;
    const plain = save.map(({ id, type, attempt, time, data }) => ({ id, type, attempt, time, data }));
    await this.#write({
      ...(plain.length > 0 ? { save: plain } : {}),
      ...(forget.length > 0 ? { forget: [...forget] } : {}),
      ...(over.length > 0 ? { over: [...over] } : {}),
    });
  }

  async revision(hash: string, candidate: number): Promise<number> {
    const revision = this.#contents.nextRevision(hash, candidate);
    if (revision !== this.#contents.facts.revision) await this.#write({ facts: { revision, hash } });
    return revision;
  }

  async #write(entry: Entry): Promise<void> {
    try {
      await this.#journal.append(entry);
    } catch (error) {
      throw new Error(`the state folder ${this.#folder} cannot be written: ${(error as Error).message}`);
    }
    this.#contents.apply(entry);
    if (this.#journal.bytes > Math.max(COMPACT_MIN, 4 * this.#bytesWhole)) {
      // What was appended is safe: when there is no room for a new file, the old one does.
      await this.#compact().catch(() => undefined);
    }
  }

  async #compact(): Promise<void> {
    await this.#journal.rewrite([{ cordyna: 'outbox', version: VERSION }, this.#contents.whole()]);
    this.#bytesWhole = this.#journal.bytes;
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#lock.release();
  }
}

function read(records: readonly unknown[], folder: string): Contents {
  const contents = new Contents();
  const [head, ...entries] = records;
  if (head === undefined) return contents;
  if (!isObject(head) || head['cordyna'] !== 'outbox' || head['version'] !== VERSION) {
    throw new CordynaError(
      `the state folder ${folder} is of another version of this package: use that, or a new folder`,
    );
  }
  for (const entry of entries) contents.apply(entry as Entry);
  return contents;
}

function unusable(folder: string, word: string, error: unknown): CordynaError {
  if (error instanceof CordynaError) return error;
  return new CordynaError(`the state folder ${folder} cannot be ${word}: ${(error as Error).message}`);
}

function attemptOf(data: string): string {
  return (JSON.parse(data) as { attempt: string }).attempt;
}
