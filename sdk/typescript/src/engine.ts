/** What both bindings share of giving a machine what it needs: the clock, the disk, and what runs attempts. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Level } from './protocol/actions.ts';
import { type Action, type Exit, ExitCodes } from './protocol/actions.ts';
import type { Declaration, Machine } from './protocol/machine.ts';
import type { Batch } from './protocol/outgoing.ts';
import { type Ending, type Listener, Runner } from './runner.ts';
import type { Outbox } from './state/outbox.ts';

const DISK_RETRY_MS = 1000;
/** What setTimeout takes; a longer wait is looked at again. */
const TIMER_MAX_MS = 60_000;

export type Tell = (level: Level, text: string) => void;

/** Seconds of a clock that only grows. */
export function clock(): number {
  return performance.now() / 1000;
}

export abstract class Engine<M extends Machine> implements Listener {
  protected readonly machine: M;
  readonly #outbox: Outbox;
  readonly #runner: Runner;
  readonly #tell: Tell;
  readonly #done: Promise<Exit>;
  #resolve: (exit: Exit) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isPumping = false;
  #isWriting = false;
  protected isOver = false;

  constructor(machine: M, outbox: Outbox, tell: Tell) {
    this.machine = machine;
    this.#outbox = outbox;
    this.#tell = tell;
    this.#runner = new Runner(this);
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Opens a connection. */
  protected abstract connect(): Promise<void>;
  /** Ends it at once. */
  protected abstract disconnect(): void;
  /** Sends what is saved, until it has gone. */
  protected abstract send(batch: Batch): Promise<void>;

  // For those who have one.

  /** Until the machine has an end. */
  async run(): Promise<Exit> {
    try {
      this.machine.start(clock());
      this.pump();
      return await this.#done;
    } finally {
      this.isOver = true;
      clearTimeout(this.#timer);
      this.disconnect();
      this.#runner.stopAll('the server goes');
      await this.#writing.catch(() => undefined);
      await this.#saveRest();
    }
  }

  declare(declaration: Declaration): void {
    this.machine.declare(clock(), declaration);
    this.pump();
  }

  drain(reason: string, deadlineS?: number): void {
    this.machine.drain(clock(), reason, deadlineS);
    this.pump();
  }

  /** At once: what runs is lost, and the next boot says so. */
  abort(reason: string): void {
    this.#resolve({ kind: 'exit', code: ExitCodes.failed, reason });
  }

  async #saveRest(): Promise<void> {
    const rest = this.machine.take(clock());
    await this.#outbox.commit(rest).catch((error: unknown) => {
      this.#tell('error', `${(error as Error).message}: ${rest.save.length} messages are lost`);
    });
  }

  // What the runner says.

  began(attempt: string): void {
    this.machine.attempts.began(clock(), attempt);
    this.pump();
  }

  progress(attempt: string, data: Record<string, unknown>): void {
    this.machine.attempts.progressed(clock(), attempt, data);
    this.pump();
  }

  log(attempt: string, level: Level, offset: number, lines: readonly string[]): void {
    this.machine.attempts.logged(clock(), attempt, level, offset, lines);
    this.pump();
  }

  extend(attempt: string, data: Record<string, unknown>): void {
    this.machine.attempts.extend(clock(), attempt, data);
    this.pump();
  }

  ended(attempt: string, ending: Ending): void {
    const now = clock();
    const { attempts } = this.machine;
    if (ending.state === 'completed') attempts.completed(now, attempt, ending.output, ending.extra);
    else if (ending.state === 'error') attempts.failed(now, attempt, ending.error);
    else attempts.cancelled(now, attempt, ending.cleaned);
    this.machine.attemptEnded(now);
    this.pump();
  }

  tell(level: Level, text: string): void {
    this.#tell(level, text);
  }

  // The loop's part.

  /** After each call of the machine. */
  protected pump(): void {
    if (this.#isPumping || this.isOver) return; // an action has called it: the pump that runs goes on
    this.#isPumping = true;
    try {
      for (let actions = this.#actions(); actions.length > 0; actions = this.#actions()) {
        for (const action of actions) this.#perform(action);
      }
    } finally {
      this.#isPumping = false;
    }
    if (this.machine.hasWork) this.#write();
    this.#setTimer();
  }

  #actions(): Action[] {
    return this.machine.takeActions(clock());
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const due = this.machine.due();
    if (due === Infinity || this.isOver) return;
    const ms = Math.min(TIMER_MAX_MS, Math.max(0, Math.ceil((due - clock()) * 1000)));
    this.#timer = setTimeout(() => {
      this.machine.tick(clock());
      this.pump();
    }, ms);
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case 'stop':
        return this.#runner.stop(action.attempt, action.reason);
      case 'overdue':
        return this.#runner.overdue(action.attempt);
      case 'connect':
        this.spawn(this.connect());
        return;
      case 'disconnect':
        return this.disconnect();
      case 'tell':
        return this.#tell(action.level, action.text);
      case 'exit':
        return this.#resolve(action);
    }
  }

  /** What fails there is a fault of this package, and ends the server. */
  protected spawn(work: Promise<void>): void {
    work.catch((error: unknown) => this.#reject(error));
  }

  #write(): void {
    if (this.#isWriting || this.isOver) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll().finally(() => {
      this.#isWriting = false;
      this.pump();
    });
    this.spawn(this.#writing);
  }

  /** Saves, then sends and starts; while one batch is written the next one gathers. */
  async #writeAll(): Promise<void> {
    await null; // what the caller is at may say more
    while (this.machine.hasWork && !this.isOver) {
      const batch = this.machine.take(clock());
      await this.#save(batch);
      if (this.isOver) return;
      if (batch.texts.length > 0) this.#send(batch);
      for (const order of batch.starts) this.#runner.start(order);
    }
  }

  /** Nobody who has something to save waits for the one who reads slowly, or is away. */
  #send(batch: Batch): void {
    this.machine.isSending = true;
    const sending = this.send(batch).finally(() => {
      this.machine.isSending = false;
      this.pump();
    });
    this.spawn(sending);
  }

  /** A full disk is waited for: without it nothing may be sent, or begun. */
  async #save(batch: Batch): Promise<void> {
    for (;;) {
      try {
        return await this.#outbox.commit(batch);
      } catch (error) {
        const text = (error as Error).message;
        if (this.isOver) return this.#tell('error', `${text}: ${batch.save.length} messages are lost`);
        this.#tell('error', `${text}; again in ${DISK_RETRY_MS / 1000} s`);
        await sleep(DISK_RETRY_MS);
      }
    }
  }
}
