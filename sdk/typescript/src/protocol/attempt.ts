/** One attempt that a server has, and what is remembered of those that it had. */
import type { AttemptState, LogMessage, Message, ProgressMessage } from '../messages.ts';
import { dumps } from '../texts.ts';
import type { Entry } from './actions.ts';

export const HELD_BYTES_EACH = 64;
/** Seconds between two of one attempt. */
export const PROGRESS_S = 0.2;

export class Attempt {
  readonly name: string;
  /** As it came, in JSON; empty: it has none. */
  readonly fence: string;
  /** The data of its messages, without its end. */
  readonly head: string;
  readonly slotClass: string;
  readonly cancellable: boolean;
  state: AttemptState = 'queued';
  stopping = false;
  queued: Message | undefined;
  started: Message | undefined;
  /** Its last message. */
  end: Message | undefined;
  progress: number | undefined;
  progressAt = -PROGRESS_S;
  lastProgress: ProgressMessage | undefined;
  lastLog: LogMessage | undefined;

  constructor(name: string, fence: unknown, entry?: Entry) {
    this.name = name;
    this.fence = fence === undefined ? '' : dumps(fence);
    this.head = `{"attempt":${dumps(name)}${this.fence === '' ? '' : `,"fence":${this.fence}`}`;
    this.slotClass = entry?.slotClass ?? '';
    this.cancellable = entry?.cancellable ?? true;
  }

  /** Bytes in a list of what there is. */
  get size(): number {
    return this.name.length + HELD_BYTES_EACH;
  }
}

/** What is known of an attempt that is not held any more. */
export interface Past {
  readonly fenced: boolean;
  /** Its last message, if short. */
  readonly end?: Message | undefined;
  /** An earlier process of this server had it, and what came of it is not known here any more. */
  readonly ofEarlierBoot?: boolean;
}

/** The last names of attempts, so that what comes late starts nothing. */
export class Memory {
  readonly #past = new Map<string, Past>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): Past | undefined {
    return this.#past.get(name);
  }

  set(name: string, past: Past): void {
    this.#past.delete(name);
    this.#past.set(name, past);
    if (this.#past.size <= this.#most) return;
    const [oldest] = this.#past.keys();
    if (oldest !== undefined) this.#past.delete(oldest);
  }

  delete(name: string): void {
    this.#past.delete(name);
  }
}

/** Slots by class: how many there are, and how many are taken. */
export class Slots {
  readonly #counts: Readonly<Record<string, number>>;
  readonly #used = new Map<string, number>();

  constructor(counts: Readonly<Record<string, number>>) {
    this.#counts = counts;
  }

  free(slotClass: string): number {
    const count = Object.hasOwn(this.#counts, slotClass) ? (this.#counts[slotClass] ?? 0) : 0;
    return count - (this.#used.get(slotClass) ?? 0);
  }

  take(slotClass: string): void {
    this.#used.set(slotClass, (this.#used.get(slotClass) ?? 0) + 1);
  }

  give(slotClass: string): void {
    this.#used.set(slotClass, (this.#used.get(slotClass) ?? 0) - 1);
  }

  get taken(): number {
    return [...this.#used.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Of all classes; `none`: it takes no more. */
  all(none: boolean): Record<string, number> {
    return Object.fromEntries(Object.keys(this.#counts).map((name) => [name, none ? 0 : this.free(name)]));
  }
}
