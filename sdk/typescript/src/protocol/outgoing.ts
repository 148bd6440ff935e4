/**
 * What a session sends: in order, kept until its receipt, sent again when that does not come.
 *
 * Pure. Messages wait here until they are taken, so that whoever writes slowly gets larger lists and fewer
 * messages that may be lost, and nothing piles up elsewhere.
 */
import { Frame, Message } from '../messages.ts';
import { dumps } from '../texts.ts';
import type { Start } from './actions.ts';

export const RESEND_S = 5;
/** Messages that need no receipt and wait to be sent. */
export const LOSSY_MAX = 5000;

/**
 * `save`, `forget` (ids) and `over` (attempts that are not this server's any more) go to the disk; then `starts`
 * are started, and `texts` go out as one frame. `sent`: what these are.
 */
export interface Batch {
  readonly save: readonly Message[];
  readonly forget: readonly string[];
  readonly over: readonly string[];
  readonly starts: readonly Start[];
  readonly texts: readonly string[];
  readonly sent: readonly Message[];
  /** The last one: the connection is closed behind it. */
  readonly close: boolean;
}

export class Outgoing {
  readonly #source: string;
  readonly #boot: string;
  readonly #clockOffset: number;
  #count = 0;
  #first: Message[] = [];
  #queue: Message[] = [];
  /** The next due is in front. */
  readonly #kept = new Map<string, Message>();
  readonly #save = new Map<string, Message>();
  #forget: string[] = [];
  #over: string[] = [];
  #starts: Start[] = [];
  #session = '';
  #seq = 0;
  #isOpen = false;

  /** `clockOffset`: wall clock minus the time that calls are told, for the times that messages show to people. */
  constructor(source: string, boot: string, clockOffset: number) {
    this.#source = dumps(source);
    this.#boot = boot;
    this.#clockOffset = clockOffset;
  }

  make(now: number, type: string, attempt: string, data: string, kept: boolean): Message {
    return this.dress(now, new Message('', type, attempt, data, 0, kept, ''));
  }

  /** Gives a message its id, order and time. */
  dress<M extends Message>(now: number, message: M): M {
    this.#count += 1;
    message.id = `${this.#boot}.${this.#count}`;
    message.order = this.#count;
    message.time = new Date((now + this.#clockOffset) * 1000).toISOString();
    return message;
  }

  /** What an earlier boot left on the disk, before all that this one sends. */
  restore(messages: readonly Message[]): void {
    messages.forEach((message, index) => {
      message.order = index - messages.length;
      message.kept = true;
      this.#kept.set(message.id, message);
    });
  }

  // Sending.

  /** A message of the session itself: it goes first, and is not sent again. */
  control(now: number, type: string, data: string): void {
    this.#first.push(this.make(now, type, '', data, false));
  }

  /** A message of the session itself that goes behind what waits. */
  last(now: number, type: string, data: string): void {
    this.#put(this.make(now, type, '', data, false));
  }

  /** Of an attempt: sent when the session is ready, in order. */
  post(message: Message): void {
    if (message.kept) {
      this.#kept.set(message.id, message);
      this.#save.set(message.id, message);
      if (this.#isOpen) this.#put(message);
    } else if (this.#queue.length < LOSSY_MAX) {
      this.#put(message);
    }
  }

  /** Sent once more, as the answer to what came once more. */
  again(message: Message): void {
    if (!this.#isOpen || (message.waiting && !message.gone)) return;
    if (message.kept || this.#queue.length < LOSSY_MAX) this.#put(message);
  }

  /** Started once all that was posted until now is on the disk. */
  start(order: Start): void {
    this.#starts.push(order);
  }

  /** The attempt is not this server's any more: the disk need not know it as one that runs. */
  over(attempt: string): void {
    this.#over.push(attempt);
  }

  #put(message: Message): void {
    message.waiting = true;
    message.gone = false;
    this.#queue.push(message);
  }

  // The session.

  welcomed(session: string): void {
    this.#session = dumps(session);
    this.#seq = 0;
  }

  /** The session is resumed: all without a receipt is sent, with what has waited, in order. */
  open(): void {
    const waiting = this.#queue.filter((message) => !message.kept);
    this.#queue = [];
    const all = [...waiting, ...this.#kept.values()].sort((a, b) => a.order - b.order);
    for (const message of all) this.#put(message);
    this.#isOpen = true;
  }

  disconnected(): void {
    this.#first = [];
    this.#isOpen = false;
    this.#session = '';
    for (const message of this.#queue) message.waiting = false;
    for (const message of this.#kept.values()) message.seq = 0;
    // Of what waits, only what is of an attempt outlives the session.
    this.#queue = this.#queue.filter((message) => !message.kept && message.attempt !== '' && !message.gone);
    for (const message of this.#queue) message.waiting = true;
  }

  // Receipts.

  /** The message that has it now; undefined: it is known already, or needs none. */
  receipt(id: string): Message | undefined {
    const message = this.#kept.get(id);
    if (message === undefined) return undefined;
    this.#kept.delete(id);
    message.kept = false;
    message.gone = message.waiting;
    if (!this.#save.delete(id)) this.#forget.push(id);
    return message;
  }

  /** Ids of what was sent in this session with a seq up to it. */
  receiptsUpto(seq: number): string[] {
    const found = [...this.#kept.values()].filter((m) => m.seq > 0 && m.seq <= seq && !m.waiting);
    return found.map((message) => message.id);
  }

  /** Nothing more of this attempt is sent. */
  drop(attempt: string): void {
    for (const message of [...this.#kept.values()]) {
      if (message.attempt === attempt) this.receipt(message.id);
    }
    for (const message of this.#queue) {
      if (message.attempt === attempt) message.waiting = false;
    }
    this.#queue = this.#queue.filter((message) => message.attempt !== attempt);
  }

  get keptCount(): number {
    return this.#kept.size;
  }

  // Time.

  tick(now: number): void {
    if (!this.#isOpen) return;
    for (const message of this.#kept.values()) {
      if (message.due > now) break;
      if (!message.waiting) this.#put(message);
    }
  }

  /** When `tick` has something to do; infinity: nothing is waited for. */
  due(): number {
    if (!this.#isOpen) return Infinity;
    const [first] = this.#kept.values();
    // What waits in the queue is due again only after it was taken.
    return first === undefined || first.waiting ? Infinity : first.due;
  }

  /** `sends`: whether texts go out, too. */
  take(now: number, sends: boolean): Batch {
    const save = [...this.#save.values()];
    this.#save.clear();
    const [forget, over, starts] = [this.#forget, this.#over, this.#starts];
    [this.#forget, this.#over, this.#starts] = [[], [], []];
    const frame = new Frame();
    const sent: Message[] = [];
    if (sends) this.#first = this.#takeSome(this.#first, frame, sent, now);
    if (sends && this.#isOpen && this.#first.length === 0) this.#queue = this.#takeSome(this.#queue, frame, sent, now);
    return { save, forget, over, starts, texts: frame.texts, sent, close: false };
  }

  /** Gives what had no room. */
  #takeSome(queue: Message[], frame: Frame, sent: Message[], now: number): Message[] {
    let taken = 0;
    for (const message of queue) {
      if (!message.gone) {
        if (!frame.takes(message.text(this.#source, this.#session, this.#seq + 1))) break;
        sent.push(message);
        if (this.#session !== '') message.seq = this.#seq += 1;
        if (message.kept) {
          message.due = now + RESEND_S;
          this.#kept.delete(message.id);
          this.#kept.set(message.id, message);
        }
      }
      message.waiting = message.gone = false;
      taken += 1;
    }
    return taken === queue.length ? [] : queue.slice(taken);
  }

  get hasTexts(): boolean {
    return this.#first.length > 0 || (this.#isOpen && this.#queue.length > 0);
  }

  /** For the disk, or to be started. */
  get hasSaves(): boolean {
    return this.#save.size > 0 || this.#forget.length > 0 || this.#over.length > 0 || this.#starts.length > 0;
  }
}
