/**
 * A server's side of a session over a WebSocket, as a state machine. Pure, as `Machine` says.
 *
 * off → hello → declare → resume → ready; → left. A lost socket leads back to off.
 */
import { LEVEL, MESSAGE_MAX, PROTOCOL } from '../messages.ts';
import {
  Flaw,
  type Goodbye,
  type Lease,
  type Received,
  type Receipt,
  type Resumed,
  type Welcome,
} from '../received.ts';
import { dumps, sizeOf } from '../texts.ts';
import { VERSION } from '../version.ts';
import { ExitCodes } from './actions.ts';
import { GRACE_S, type Left } from './attempts.ts';
import { Backoff, type Config, Machine, NOTHING_LEFT } from './machine.ts';
import type { Batch } from './outgoing.ts';

/** For an answer of the handshake. */
const ANSWER_S = 10;
/** Bytes of a message that a list of attempts leaves free. */
const RESUME_SPARE = 8 << 10;

export type Phase = 'off' | 'hello' | 'declare' | 'resume' | 'ready';

export class Session extends Machine {
  phase: Phase = 'off';
  session = '';
  #wasWelcome = false;
  /** The revision that this session was told. */
  #declared = 0;
  #messageMax = MESSAGE_MAX;
  #heartbeatS = 10;
  #leaseS = 30;
  readonly #backoff: Backoff;
  #connectAt = Infinity;
  #answerAt = Infinity;
  #heartbeatAt = Infinity;
  #heardAt: number;
  #goodbyeSent = false;

  constructor(config: Config, random: () => number, left: Left = NOTHING_LEFT, now = 0) {
    super(config, random, left, now);
    this.#backoff = new Backoff(random);
    this.#heardAt = now;
    // What was killed is lost because the resume of this boot does not list it: the disk need not know it any more.
    for (const text of left.lost) this.outgoing.over((JSON.parse(text) as { attempt: string }).attempt);
  }

  override take(now: number): Batch {
    const batch = super.take(now);
    return { ...batch, close: this.#goodbyeSent && batch.texts.length > 0 && !this.outgoing.hasTexts };
  }

  override due(): number {
    const lease = this.#isConnected ? this.#heardAt + this.#leaseS : Infinity;
    const times = [this.#connectAt, this.#answerAt, this.#heartbeatAt, lease, this.outgoing.due()];
    return Math.min(super.due(), ...times);
  }

  override tick(now: number): void {
    if (this.#connectAt <= now) {
      this.#connectAt = Infinity;
      this.do({ kind: 'connect' });
    }
    if (this.#isConnected && this.#answerAt <= now) {
      this.#hangUp(now, `no answer to ${this.phase} within ${ANSWER_S} s`);
    } else if (this.#isConnected && this.#heardAt + this.#leaseS <= now) {
      this.#hangUp(now, `nothing heard for ${this.#leaseS} s`);
    }
    if (this.#isConnected && this.#heartbeatAt <= now) this.#heartbeat(now);
    this.outgoing.tick(now);
    super.tick(now);
  }

  // The socket.

  override start(): void {
    this.do({ kind: 'connect' });
  }

  /** A socket is there. */
  opened(now: number): void {
    if (this.hasLeft) return this.do({ kind: 'disconnect', reason: 'the server goes' });
    this.outgoing.disconnected();
    this.phase = 'hello';
    this.#declared = 0;
    this.#heardAt = now;
    this.#answerAt = now + ANSWER_S;
    this.#leaseS = Math.max(this.#leaseS, ANSWER_S);
    const { server, boot, slots, labels } = this.config;
    const hello = {
      protocol: { min: PROTOCOL, max: PROTOCOL },
      server,
      boot,
      sdk: { name: 'cordyna', version: VERSION, language: 'typescript' },
      level: LEVEL,
      slots,
      labels: labels ?? {},
      declaration_hash: this.declaration.hash,
    };
    this.outgoing.control(now, 'server.hello', dumps(hello));
  }

  /** It is not there any more, or could not be opened. */
  closed(now: number, reason: string): void {
    const wasOurs = this.#goodbyeSent && this.#isConnected;
    this.#off();
    if (this.hasLeft) return;
    if (wasOurs) return this.leave('drained');
    const delay = this.#backoff.next();
    this.#connectAt = now + delay;
    this.tell('warning', `not connected: ${reason}; again in ${delay.toFixed(1)} s`);
  }

  /** Cerebro refuses what opens the socket: the credential, or there is no such address. */
  refused(now: number, reason: string): void {
    // What was right once may be right again, and attempts wait for it.
    if (this.#wasWelcome) this.closed(now, reason);
    else this.end(now, ExitCodes.refused, reason);
  }

  override received(now: number, message: Received | Flaw): void {
    if (this.phase === 'off') return; // what came behind that which has ended it
    this.#heardAt = now;
    if (message instanceof Flaw) {
      this.tell('warning', `a message of cerebro is wrong: ${message.path} ${message.text}`);
      return this.outgoing.control(now, 'message.problem', dumps(message.data()));
    }
    if (message.session !== '' && this.session !== '' && message.session !== this.session) return;
    switch (message.type) {
      case 'server.welcome':
        return this.#welcome(now, message.data);
      case 'server.declared':
        this.declared(message.data);
        if (this.phase === 'declare') this.#resume(now);
        return;
      case 'server.resumed':
        return this.#resumed(now, message.data);
      case 'server.lease':
        return this.#lease(now, message.data);
      case 'server.goodbye':
        return this.#goodbye(now, message.data);
      case 'server.drain':
        return this.drain(now, message.data.reason ?? 'cerebro asked for it', message.data.deadline_s);
      case 'message.receipt':
        return this.#receipt(message.data);
      case 'message.problem': {
        const text = this.problem(now, message.data);
        if (message.data.fatal) this.#hangUp(now, text);
        return;
      }
      case 'task.invoke':
        return this.attempts.invoke(now, message.id, message.data);
      case 'task.cancel': {
        const { attempt, fence, reason, grace_s } = message.data;
        return this.attempts.cancel(now, attempt, fence, reason, grace_s);
      }
      case 'task.fenced':
        return this.attempts.forget(now, message.data.attempt, true);
      case 'task.extended':
        return this.tell('info', `${message.data.attempt} may take ${message.data.granted_s} s more`);
    }
  }

  // What cerebro says.

  #welcome(now: number, data: Welcome): void {
    if (this.phase !== 'hello') return;
    if (data.protocol !== PROTOCOL) {
      const text = `cerebro speaks version ${data.protocol} of the protocol, this one ${PROTOCOL}`;
      return this.end(now, ExitCodes.refused, text);
    }
    this.session = data.session;
    this.#wasWelcome = true;
    this.outgoing.welcomed(this.session);
    this.#heartbeatS = Math.max(0.05, data.heartbeat_s);
    this.#leaseS = Math.max(this.#heartbeatS, data.lease_s);
    this.#messageMax = this.attempts.messageMax = Math.min(MESSAGE_MAX, data.message_max);
    this.#heartbeatAt = now + this.#heartbeatS;
    if (!data.want_declaration) {
      this.#declared = this.declaration.revision;
      return this.#resume(now);
    }
    this.phase = 'declare';
    this.#answerAt = now + ANSWER_S;
    this.#declare(now);
  }

  #declare(now: number): void {
    const { revision, tasks } = this.declaration;
    this.#declared = revision;
    const text = dumps({ revision, tasks });
    const size = sizeOf(text);
    if (size <= this.#messageMax) return this.outgoing.control(now, 'server.declare', text);
    const reason =
      `the declarations have ${size >> 10} KiB, and a message takes ${this.#messageMax >> 10}: ` +
      'serve these tasks by several servers';
    if (this.phase === 'declare') return this.end(now, ExitCodes.failed, reason);
    this.tell('error', reason);
  }

  #resume(now: number): void {
    this.phase = 'resume';
    this.#answerAt = now + ANSWER_S;
    const text = `{"boot":${dumps(this.config.boot)},"attempts":${this.#listed(true)}}`;
    this.outgoing.control(now, 'server.resume', text);
  }

  /** All attempts; the larger parts of them as long as they fit, for they are sent anyhow. */
  #listed(withEnds: boolean): string {
    const held = [...this.attempts.held.values()];
    let room = held.reduce((rest, attempt) => rest - attempt.size, this.#messageMax - RESUME_SPARE);
    const parts = held.map((attempt) => {
      const text = `{"attempt":${dumps(attempt.name)},"state":"${attempt.state}"`;
      let extra = attempt.fence === '' ? '' : `,"fence":${attempt.fence}`;
      if (attempt.progress !== undefined) extra += `,"progress":${attempt.progress}`;
      if (withEnds && attempt.end !== undefined) extra += `,"terminal":${attempt.end.data}`;
      const size = sizeOf(extra);
      if (size > room) return `${text}}`;
      room -= size;
      return `${text}${extra}}`;
    });
    return `[${parts.join(',')}]`;
  }

  #resumed(now: number, data: Resumed): void {
    if (this.phase !== 'resume') return;
    for (const one of data.attempts) this.attempts.fate(now, one.attempt, one.fate);
    this.phase = 'ready';
    this.#answerAt = Infinity;
    this.#backoff.reset();
    this.outgoing.open();
    this.tell('info', `connected: session ${this.session}`);
    if (this.#declared !== this.declaration.revision) this.#declare(now); // it has changed while this was going on
    if (this.draining) this.sayDraining(now, 'draining');
    else this.outgoing.last(now, 'server.ready', dumps({ slots: this.attempts.free() }));
  }

  #lease(now: number, data: Lease): void {
    this.#leaseS = Math.max(this.#heartbeatS, data.lease_s);
    for (const name of data.cancels ?? []) this.attempts.cancel(now, name, undefined, 'user', GRACE_S);
    if (data.drain === true) this.drain(now, 'cerebro asked for it');
  }

  #goodbye(now: number, data: Goodbye): void {
    const reason = data.reason || data.code;
    const after = data.reconnect_after_s;
    if (data.code === 'superseded') {
      return this.end(now, ExitCodes.superseded, `server '${this.config.server}' has connected elsewhere: ${reason}`);
    }
    if (after === undefined && data.code !== 'shutdown') {
      return this.end(now, ExitCodes.refused, `cerebro ends it (${data.code}): ${reason}`);
    }
    this.#hangUp(now, `cerebro says goodbye (${data.code}): ${reason}`);
    if (after !== undefined) this.#connectAt = Math.max(this.#connectAt, now + after);
  }

  #receipt(data: Receipt): void {
    const ids = [...(data.ids ?? [])];
    if (data.upto !== undefined) ids.push(...this.outgoing.receiptsUpto(data.upto));
    for (const id of ids) this.attempts.receipt(id);
  }

  // Parts of these.

  #heartbeat(now: number): void {
    this.#heartbeatAt = now + this.#heartbeatS;
    const uptime = (now - this.beganAt).toFixed(3);
    const text = `{"in_flight":${this.#listed(false)},"slots":${dumps(this.attempts.free())},"uptime_s":${uptime}}`;
    this.outgoing.control(now, 'server.heartbeat', text);
  }

  protected override sayDeclaration(now: number): void {
    if (this.phase === 'ready') this.#declare(now);
  }

  protected override sayDraining(now: number, reason: string): void {
    if (this.phase !== 'ready') return;
    const data: Record<string, unknown> = { reason };
    if (this.drainAt < Infinity) data['deadline_s'] = Math.max(0, Math.round((this.drainAt - now) * 1000) / 1000);
    this.outgoing.control(now, 'server.draining', dumps(data));
  }

  protected override maybeLeave(now: number): void {
    if (!this.isIdle || this.#goodbyeSent) return;
    if (this.phase === 'ready') {
      this.#goodbyeSent = true;
      this.outgoing.last(now, 'server.goodbye', dumps({ code: 'shutdown' }));
    } else if (this.phase === 'off') {
      this.leave('drained');
    }
  }

  get #isConnected(): boolean {
    return this.phase !== 'off';
  }

  #off(): void {
    this.outgoing.disconnected();
    this.phase = 'off';
    this.session = '';
    this.#answerAt = this.#heartbeatAt = Infinity;
  }

  #hangUp(now: number, reason: string): void {
    this.do({ kind: 'disconnect', reason });
    this.closed(now, reason);
  }

  protected override cut(reason: string): void {
    if (this.#isConnected) this.do({ kind: 'disconnect', reason });
    this.#off();
    this.#connectAt = Infinity;
  }
}
