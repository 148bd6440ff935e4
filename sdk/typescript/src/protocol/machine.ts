/**
 * What both bindings share of a server's side of the protocol: its attempts, its tasks, and how it goes.
 *
 * Pure: it reads no clock, does no I/O and starts nothing; each call has the time (`now`, in seconds of any clock that
 * only grows). What is to be done is taken with `takeActions`, what is to be sent and saved with `take`, and `due` says
 * when `tick` is wanted. The same calls give the same results, with the same `random`.
 */
import type { Declared, Flaw, Problem, Received } from '../received.ts';
import { dumps } from '../texts.ts';
import type { Action, Entry, Exit, ExitCode, Level } from './actions.ts';
import { Attempts, GRACE_S, type Left } from './attempts.ts';
import { type Batch, Outgoing } from './outgoing.ts';

/** For receipts, when nothing runs any more. */
export const LEAVE_S = 30;

export interface Config {
  readonly team: string;
  readonly server: string;
  /** Another for each process. */
  readonly boot: string;
  /** How many attempts at a time, by class. */
  readonly slots: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly place?: Readonly<Record<string, unknown>>;
  /** Wall clock minus `now`, for the times that messages show to people. */
  readonly clockOffset?: number;
}

/** All tasks of a server. */
export interface Declaration {
  readonly catalog: ReadonlyMap<string, Entry>;
  readonly tasks: readonly Readonly<Record<string, unknown>>[];
  readonly hash: string;
  readonly revision: number;
}

export const NOTHING_LEFT: Left = { messages: [], lost: [], past: [] };

export abstract class Machine {
  readonly config: Config;
  readonly outgoing: Outgoing;
  /** For those who run them: began, progressed, logged, completed, failed, cancelled. */
  readonly attempts: Attempts;
  protected declaration: Declaration = { catalog: new Map(), tasks: [], hash: '', revision: 0 };
  protected readonly random: () => number;
  protected readonly beganAt: number;
  /** What was taken last is still on its way: saving goes on meanwhile, and nothing more is sent. */
  isSending = false;
  protected hasLeft = false;
  protected drainAt = Infinity;
  protected leaveAt = Infinity;
  /** Said once nothing runs any more. */
  protected exit: Exit | undefined;

  constructor(config: Config, random: () => number, left: Left, now: number) {
    this.config = config;
    this.random = random;
    this.beganAt = now;
    const source = `urn:cordyna:ts:${config.team}/${config.server}`;
    this.outgoing = new Outgoing(source, config.boot, config.clockOffset ?? 0);
    this.outgoing.restore(left.messages);
    this.attempts = new Attempts(config.slots, dumps(config.place ?? { host: 'localhost' }), this.outgoing);
    this.attempts.restore(left);
  }

  get draining(): boolean {
    return this.attempts.draining;
  }

  /** Connects. */
  abstract start(now: number): void;
  abstract received(now: number, message: Received | Flaw): void;
  /** Has told that it takes nothing more. */
  protected abstract sayDraining(now: number, reason: string): void;
  /** The tasks have changed. */
  protected abstract sayDeclaration(now: number): void;
  /** Ends the connection. */
  protected abstract cut(reason: string): void;
  /** Whether there is nothing left to say, and it may go. */
  protected abstract maybeLeave(now: number): void;

  // What is to be done.

  takeActions(now: number): Action[] {
    if (this.exit !== undefined && this.attempts.running === 0) this.#leaveFor(this.exit);
    else if (this.draining && !this.hasLeft) this.maybeLeave(now);
    return this.attempts.actions.splice(0);
  }

  take(now: number): Batch {
    return this.outgoing.take(now, !this.isSending);
  }

  /** Whether `take` would give anything. */
  get hasWork(): boolean {
    return this.outgoing.hasSaves || (!this.isSending && this.outgoing.hasTexts);
  }

  due(): number {
    return Math.min(this.drainAt, this.leaveAt, this.attempts.due());
  }

  tick(now: number): void {
    this.attempts.tick(now);
    if (this.drainAt <= now) {
      this.drainAt = Infinity;
      this.attempts.stopAll(now, 'drain', GRACE_S);
    }
    if (this.leaveAt <= now) this.leave(`${this.outgoing.keptCount} messages have no receipt`);
  }

  // What the server itself wants.

  /** The tasks from now on. Attempts that run go on as they are. */
  declare(now: number, declaration: Declaration): void {
    const before = new Map(this.declaration.tasks.map((one) => [one['id'], dumps(one)]));
    for (const one of before.size > 0 ? declaration.tasks : []) {
      if (before.get(one['id']) !== dumps(one)) this.attempts.changedIn.set(String(one['id']), declaration.revision);
    }
    this.attempts.catalog = declaration.catalog;
    this.attempts.revision = declaration.revision;
    this.declaration = declaration;
    this.sayDeclaration(now);
  }

  /** Takes nothing new, ends what it has, and goes. */
  drain(now: number, reason: string, deadlineS?: number): void {
    if (this.draining || this.hasLeft) return;
    this.attempts.draining = true;
    this.leaveAt = this.attempts.running === 0 ? now + LEAVE_S : Infinity;
    if (deadlineS !== undefined) this.drainAt = now + deadlineS;
    this.tell('info', `draining: ${reason}; ${this.attempts.running} attempts run`);
    this.sayDraining(now, reason);
  }

  /** To be called after the end of an attempt: a server that drains may be through. */
  attemptEnded(now: number): void {
    if (this.draining && this.attempts.running === 0 && this.leaveAt === Infinity) this.leaveAt = now + LEAVE_S;
  }

  // Parts of what cerebro says.

  protected declared(data: Declared): void {
    for (const one of data.rejected) {
      const why = `${String(one['path'] ?? '#')}: ${String(one['message'] ?? one['code'] ?? '')}`;
      this.tell('error', `task '${String(one['task'] ?? '')}' is not taken: ${why}`);
    }
    this.tell('info', `${data.accepted.length} tasks are declared, with revision ${data.revision}`);
  }

  /** Gives its text. */
  protected problem(now: number, data: Problem): string {
    const where = typeof data.path === 'string' && data.path !== '' ? ` ${data.path}` : '';
    const text = `${data.code}${where}: ${data.message}`;
    this.tell('error', `cerebro did not understand a message: ${text}`);
    if (typeof data.of === 'string') this.attempts.refused(now, data.of, text);
    return text;
  }

  // How it ends.

  /** For good: what runs is ended, and nothing is told of it. */
  protected end(now: number, code: ExitCode, reason: string): void {
    if (this.hasLeft) return;
    this.cut(reason);
    this.hasLeft = true;
    this.attempts.draining = true;
    this.attempts.forgetAll(now);
    this.exit = { kind: 'exit', code, reason };
    // A function cannot be ended by force: it does not hold up the end of the process for ever.
    this.leaveAt = now + GRACE_S + 2;
  }

  protected leave(reason: string): void {
    this.leaveAt = Infinity;
    if (this.exit !== undefined) return this.#leaveFor(this.exit);
    if (this.hasLeft) return;
    this.cut(reason);
    this.hasLeft = true;
    this.do({ kind: 'exit', code: 0, reason });
  }

  #leaveFor(exit: Exit): void {
    this.exit = undefined;
    this.leaveAt = Infinity;
    this.do(exit);
  }

  protected get isIdle(): boolean {
    return this.attempts.held.size === 0 && this.attempts.running === 0 && this.outgoing.keptCount === 0;
  }

  protected do(action: Action): void {
    this.attempts.actions.push(action);
  }

  protected tell(level: Level, text: string): void {
    this.do({ kind: 'tell', level, text });
  }
}

/** Delays between tries: doubling, plus chance, so that not all come at once. */
export class Backoff {
  static readonly MIN_S = 0.2;
  static readonly MAX_S = 15;
  #delay = Backoff.MIN_S;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): number {
    const delay = this.#delay * (1 + 0.5 * this.#random());
    this.#delay = Math.min(this.#delay * 2, Backoff.MAX_S);
    return delay;
  }

  reset(): void {
    this.#delay = Backoff.MIN_S;
  }
}
