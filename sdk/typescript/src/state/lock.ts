/**
 * One process at a time for a folder.
 *
 * Node.js has no flock. So each process makes a file of its own, and looks at those of others afterwards: of two that
 * come at once at least one sees the other. A process of this machine is asked of /proc; of one elsewhere (another
 * container with the same volume) the file is touched from time to time, and is stale when it is not.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CordynaError } from '../errors.ts';

const PREFIX = 'lock.';
const TOUCH_MS = 3000;
/** A file of a process elsewhere that was not touched for so long is of one that is no more. */
const STALE_MS = 15_000;
const LOOK_MS = 500;

interface Holder {
  pid: number;
  /** Of the process, in ticks since the machine started: a pid comes again, with another. */
  started: string;
  /** Who can be asked of here. */
  where: string;
  host: string;
}

export class Lock {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(path: string) {
    this.#path = path;
    // When that fails the folder is gone, or the disk is: whoever writes to it says so.
    this.#timer = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MS);
    this.#timer.unref();
  }

  /** CordynaError: another process has it. */
  static async take(folder: string, staleMs = STALE_MS): Promise<Lock> {
    const own = `${PREFIX}${process.pid}.${randomBytes(6).toString('hex')}`;
    const path = join(folder, own);
    await writeFile(path, `${JSON.stringify(self())}\n`, { flag: 'wx', mode: 0o600 });
    try {
      for (const name of await readdir(folder)) {
        if (!name.startsWith(PREFIX) || name === own) continue;
        const other = join(folder, name);
        const holder = await holderOf(other);
        if (holder !== undefined && (await isAlive(other, holder, staleMs))) {
          throw new CordynaError(
            `the state folder ${folder} is in use by process ${holder.pid} on ${holder.host}: end that, or give this ` +
              'server a folder of its own',
          );
        }
        await rm(other, { force: true });
      }
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return new Lock(path);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await rm(this.#path, { force: true });
  }
}

function self(): Holder {
  return { pid: process.pid, started: startOf(process.pid) ?? '', where: here(), host: hostname() };
}

/** This machine since its start, and the pids that are seen here. */
function here(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Undefined: there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may have anything in it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Undefined: it has gone, or was being written by a process that has ended. */
async function holderOf(path: string): Promise<Holder | undefined> {
  for (let look = 0; look < 4; look += 1) {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as Holder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    }
    await sleep(50); // it may be written just now
  }
  return undefined;
}

async function isAlive(path: string, holder: Holder, staleMs: number): Promise<boolean> {
  if (holder.where === here()) {
    if (holder.started !== '') return startOf(holder.pid) === holder.started;
    try {
      process.kill(holder.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  }
  // Clocks of two machines differ: that it is touched is what counts, and not when.
  const first = await touchedAt(path);
  for (const until = performance.now() + staleMs; performance.now() < until; await sleep(Math.min(LOOK_MS, staleMs))) {
    if ((await touchedAt(path)) !== first) return true;
  }
  return false;
}

async function touchedAt(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );
}
