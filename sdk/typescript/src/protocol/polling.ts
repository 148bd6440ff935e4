/**
 * A server's side of the protocol over HTTP, as a state machine. Pure, as `Machine` says.
 *
 * There is no session: `server.ready` says what it can do and how much more it takes, each post that was answered is a
 * receipt for what was in it, and commands are fetched. What an earlier process was killed with it says itself.
 */
import { Flaw, type Received } from '../received.ts';
import { dumps } from '../texts.ts';
import { ExitCodes } from './actions.ts';
import type { Left } from './attempts.ts';
import { type Config, Machine, NOTHING_LEFT } from './machine.ts';
import type { Batch } from './outgoing.ts';

export class Polling extends Machine {
  #wasTaken = false;
  /** Cerebro has not answered. */
  isAway = false;

  constructor(config: Config, random: () => number, left: Left = NOTHING_LEFT, now = 0) {
    super(config, random, left, now);
    this.attempts.tellLost(now, left.lost);
  }

  /** To be called once the tasks are there. */
  override start(now: number): void {
    // Before what an earlier process has left: who speaks is told first.
    this.outgoing.control(now, 'server.ready', this.#readyText(true));
    this.outgoing.open();
    this.do({ kind: 'connect' });
  }

  /** A post was answered: all that was in it is saved, but for what a problem among the answers names. */
  posted(now: number, batch: Batch, answers: readonly (Received | Flaw)[]): void {
    this.#wasTaken = true;
    for (const answer of answers) this.received(now, answer);
    for (const message of batch.sent) {
      if (message.kept) this.attempts.receipt(message.id);
    }
  }

  /** Commands were fetched: perhaps none. */
  fetched(now: number, messages: readonly (Received | Flaw)[]): void {
    this.#wasTaken = true;
    for (const message of messages) this.received(now, message);
    // After a silence cerebro may be another, and know nothing of this server.
    if (this.isAway) {
      this.isAway = false;
      this.tell('info', 'cerebro answers again');
      if (!this.hasLeft) this.#ready(now, true);
    } else if (messages.length === 0 && !this.hasLeft) {
      this.#ready(now, false);
    }
  }

  /** It could not be asked. */
  unreachable(reason: string, delayS: number): void {
    this.isAway = true;
    this.tell('warning', `cerebro does not answer: ${reason}; again in ${delayS.toFixed(1)} s`);
  }

  /** Cerebro refuses the credential, or there is no such address. False: it is to be tried again. */
  refused(now: number, reason: string): boolean {
    // What was right once may be right again, and attempts wait for it.
    if (this.#wasTaken) return false;
    this.end(now, ExitCodes.refused, reason);
    return true;
  }

  override received(now: number, message: Received | Flaw): void {
    if (message instanceof Flaw) {
      this.tell('warning', `a message of cerebro is wrong: ${message.path} ${message.text}`);
      return;
    }
    switch (message.type) {
      case 'server.declared':
        return this.declared(message.data);
      case 'server.drain':
        return this.drain(now, message.data.reason ?? 'cerebro asked for it', message.data.deadline_s);
      case 'message.problem':
        this.problem(now, message.data);
        return;
      case 'message.receipt':
        for (const id of message.data.ids ?? []) this.attempts.receipt(id);
        return;
      case 'task.invoke':
        this.attempts.invoke(now, message.id, message.data);
        return;
      case 'task.cancel': {
        const { attempt, fence, reason, grace_s } = message.data;
        return this.attempts.cancel(now, attempt, fence, reason, grace_s);
      }
      case 'task.fenced':
        return this.attempts.forget(now, message.data.attempt, true);
      case 'task.extended':
        return this.tell('info', `${message.data.attempt} may take ${message.data.granted_s} s more`);
      case 'server.welcome':
      case 'server.resumed':
      case 'server.lease':
      case 'server.goodbye':
        return; // of sessions, which this binding does not have
    }
  }

  /** There is a slot more. */
  override attemptEnded(now: number): void {
    super.attemptEnded(now);
    if (!this.hasLeft && !this.draining) this.#ready(now, false);
  }

  /** Behind what waits: an end before the slot that it has left. */
  #ready(now: number, withTasks: boolean): void {
    this.outgoing.last(now, 'server.ready', this.#readyText(withTasks));
  }

  #readyText(withTasks: boolean): string {
    const data: Record<string, unknown> = { slots: this.attempts.free() };
    if (withTasks) data['tasks'] = this.declaration.tasks;
    return dumps(data);
  }

  protected override sayDeclaration(now: number): void {
    if (this.#wasTaken) this.#ready(now, true);
  }

  protected override sayDraining(now: number): void {
    this.#ready(now, false);
  }

  protected override maybeLeave(): void {
    // Its last ready, without slots, is on its way; when nobody answers, nobody waits for it.
    if (this.isIdle && (this.isAway || (!this.isSending && !this.outgoing.hasTexts))) this.leave('drained');
  }

  protected override cut(reason: string): void {
    this.do({ kind: 'disconnect', reason });
  }
}
