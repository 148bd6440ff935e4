/**
 * A file of records that is only appended to, until it is written anew.
 *
 * A record is a line: sixteen hex digits of the SHA-256 of its JSON, a space, the JSON. What `append` has returned from
 * survives a kill and a loss of power. A record that was being written then is cut off when the file is opened; one that
 * is damaged and has good ones behind it was not torn, and the file is refused.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CordynaError } from '../errors.ts';

const DIGITS = 16;

export interface Opened {
  readonly journal: Journal;
  readonly records: readonly unknown[];
  /** Bytes of a record that was being written when the process ended. */
  readonly tornBytes: number;
}

export class Journal {
  readonly path: string;
  #file: FileHandle;
  /** Bytes that are known to be right. */
  #good: number;
  /** There may be more bytes than that. */
  #isDirty = false;

  private constructor(path: string, file: FileHandle, good: number) {
    this.path = path;
    this.#file = file;
    this.#good = good;
  }

  get bytes(): number {
    return this.#good;
  }

  /** CordynaError: it cannot be read, or is damaged, and where. */
  static async open(path: string): Promise<Opened> {
    // What a rewrite that was killed has left.
    await rm(`${path}.new`, { force: true });
    const file = await open(path, 'a+', 0o600).then(async (made) => {
      // O_APPEND would ignore the place that is written to.
      await made.close();
      return open(path, 'r+');
    });
    try {
      const bytes = await file.readFile();
      const { records, good } = readRecords(bytes, path);
      const journal = new Journal(path, file, good);
      journal.#isDirty = good < bytes.length;
      await syncFolder(dirname(path));
      return { journal, records, tornBytes: bytes.length - good };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** An Error of Node.js: nothing of it is there, and it may be tried again. */
  async append(record: unknown): Promise<void> {
    await this.#cutOff();
    const line = Buffer.from(lineOf(record), 'utf8');
    this.#isDirty = true;
    await writeAll(this.#file, line, this.#good);
    await this.#file.datasync();
    this.#good += line.length;
    this.#isDirty = false;
  }

  /** All that is in it from now on. The same promises as of `append`: until it is done the old file stands. */
  async rewrite(records: readonly unknown[]): Promise<void> {
    const path = `${this.path}.new`;
    const bytes = Buffer.from(records.map(lineOf).join(''), 'utf8');
    const file = await open(path, 'w+', 0o600);
    try {
      await writeAll(file, bytes, 0);
      await file.datasync();
      await rename(path, this.path);
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#good = bytes.length;
    this.#isDirty = false;
    await old.close();
    await syncFolder(dirname(this.path));
  }

  /** @internal For tests, which let it fail. */
  get _file(): FileHandle {
    return this.#file;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #cutOff(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#file.truncate(this.#good);
    this.#isDirty = false;
  }
}

export function lineOf(record: unknown): string {
  const text = JSON.stringify(record);
  return `${digestOf(text)} ${text}\n`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGITS);
}

function readRecords(bytes: Buffer, path: string): { records: unknown[]; good: number } {
  const records: unknown[] = [];
  let good = 0;
  let at = 0;
  let broken = 0;
  for (let number = 1; at < bytes.length; number += 1) {
    const end = bytes.indexOf(0x0a, at);
    const line = bytes.toString('utf8', at, end < 0 ? bytes.length : end);
    const record = end < 0 ? undefined : readLine(line);
    at = end < 0 ? bytes.length : end + 1;
    if (record === undefined) broken ||= number;
    // Of two lines that have become one, the second is good still.
    if (broken > 0 && (record !== undefined || (end >= 0 && hasGoodEnd(line)))) {
      throw new CordynaError(
        `${path} is damaged: line ${broken} is not what was written, and there are good ones behind it. Restore it, or ` +
          'move it away: results that cerebro has not confirmed are lost with it, and it takes their attempts for lost',
      );
    }
    if (record === undefined) continue;
    records.push(record.value);
    good = at;
  }
  return { records, good };
}

function readLine(line: string): { value: unknown } | undefined {
  const text = line.slice(DIGITS + 1);
  if (line[DIGITS] !== ' ' || digestOf(text) !== line.slice(0, DIGITS)) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function hasGoodEnd(line: string): boolean {
  return [...line.matchAll(/[0-9a-f]{16} /g)].some(
    ({ index }) => index > 0 && readLine(line.slice(index)) !== undefined,
  );
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}

/** So that a name in it survives a loss of power, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
