/**
 * The attempts that a server has, and what it answers about them.
 *
 * Pure. An attempt is held from its invoke to the receipt of its end; later, its name is remembered, so that what
 * comes late starts nothing.
 */
import { BadInput, type ErrorData } from '../errors.ts';
import { ENDS, ENVELOPE_MAX, LogMessage, MESSAGE_MAX, Message, ProgressMessage } from '../messages.ts';
import type { Invoke } from '../received.ts';
import { clean, dumps, fit, sizeOf } from '../texts.ts';
import type { Action, Entry } from './actions.ts';
import { Attempt, HELD_BYTES_EACH, Memory, PROGRESS_S, Slots } from './attempt.ts';
import type { Outgoing } from './outgoing.ts';

export const GRACE_S = 10;
/** Names that are remembered. */
const PAST_MAX = 10_000;
/** Rejections that are kept until their receipts. */
const REJECTED_MAX = 1000;
/** Bytes of an end that is remembered with its name. */
const PAST_DATA_MAX = 1024;
/** Bytes of all that is listed in one message. */
const HELD_BYTES_MAX = 240 << 10;
/** In one message. */
const LOG_LINES_MAX = 500;
const LOG_BYTES_MAX = 64 << 10;
const TEXT_MAX = 16_000;

type Refusal = readonly [code: string, message: string];

/** What an earlier process of this server left on the disk. */
export interface Left {
  /** Ends and rejections without a receipt. */
  readonly messages: readonly Message[];
  /** The data of `task.queued` of what ran when it was killed. */
  readonly lost: readonly string[];
  /** Names of attempts that it had, those of `lost` among them. */
  readonly past: readonly string[];
}

export class Attempts {
  readonly slots: Slots;
  readonly held = new Map<string, Attempt>();
  readonly actions: Action[] = [];
  readonly #place: string;
  readonly #outgoing: Outgoing;
  catalog: ReadonlyMap<string, Entry> = new Map();
  revision = 0;
  /** The revision since which a task is as it is. */
  readonly changedIn = new Map<string, number>();
  draining = false;
  messageMax = MESSAGE_MAX;
  #heldBytes = 0;
  /** Let go, but something of them still runs: their slot classes. */
  readonly #ghosts = new Map<string, string>();
  readonly #past = new Memory(PAST_MAX);
  /** Without a receipt, and of which invoke. */
  readonly #rejected = new Map<string, { message: Message; of: string }>();
  /** When the grace of those that are to end is over. */
  readonly #graces = new Map<string, number>();
  readonly #late = new Map<string, ProgressMessage>();
  #lateAt = 0;

  /** `slots`: how many at a time, by class. `place`: where they run, as JSON. */
  constructor(slots: Readonly<Record<string, number>>, place: string, outgoing: Outgoing) {
    this.slots = new Slots(slots);
    this.#place = place;
    this.#outgoing = outgoing;
  }

  // What cerebro says.

  invoke(now: number, messageId: string, data: Invoke): void {
    const name = data.attempt;
    const held = this.held.get(name);
    if (held !== undefined) return this.#answer(held);
    const past = this.#past.get(name);
    if (past?.ofEarlierBoot) return this.#endLost(now, new Attempt(name, data.fence));
    if (past !== undefined) {
      if (past.end !== undefined) this.#outgoing.again(past.end);
      return;
    }
    const rejection = this.#rejected.get(name);
    // The same message once more, and not the attempt: it was not told yet.
    if (rejection?.of === messageId) return this.#outgoing.again(rejection.message);
    this.#dropRejection(name);
    const entry = this.catalog.get(data.task);
    const refusal = this.#refusal(data, entry);
    if (refusal !== undefined || entry === undefined) {
      return this.#reject(now, messageId, data, refusal ?? ['unknown_task', '']);
    }
    let inputs: unknown;
    try {
      inputs = entry.bind(data.inputs);
    } catch (error) {
      const text = error instanceof BadInput ? error.message : `#/inputs: ${String(error)}`;
      return this.#reject(now, messageId, data, ['bad_input', text]);
    }
    this.#accept(now, data, entry, inputs);
  }

  /** An attempt that was rejected is new when it comes again. */
  #dropRejection(name: string): void {
    if (this.#rejected.delete(name)) this.#outgoing.drop(name);
  }

  /** The state that it has, once more. */
  #answer(held: Attempt): void {
    const said = held.end ?? held.started ?? held.queued;
    if (said !== undefined) this.#outgoing.again(said);
  }

  #refusal(data: Invoke, entry: Entry | undefined): Refusal | undefined {
    if (this.draining) return ['draining', 'the server goes, and takes nothing new'];
    if (entry === undefined) return ['unknown_task', `this server has no task '${data.task}'`];
    if (data.revision < (this.changedIn.get(data.task) ?? 0)) {
      return ['stale_revision', `task '${data.task}' has changed since: the revision is ${this.revision}`];
    }
    if (data.inputs_ref !== undefined && data.inputs_ref !== null) {
      return ['bad_input', '#/inputs_ref: this server takes inputs in the message alone'];
    }
    if (this.slots.free(entry.slotClass) <= 0) return ['no_slot', `no slot of class '${entry.slotClass}' is free`];
    if (this.#heldBytes + data.attempt.length + HELD_BYTES_EACH > HELD_BYTES_MAX) {
      return ['no_slot', `${this.held.size} attempts run or wait for their receipts`];
    }
    return undefined;
  }

  #reject(now: number, messageId: string, invoke: Invoke, [code, why]: Refusal): void {
    const name = invoke.attempt;
    const data: Record<string, unknown> = { attempt: name, fence: invoke.fence, code };
    data['message'] = fit(clean(why), TEXT_MAX);
    if (code === 'no_slot') data['retry_after_s'] = 1;
    const kept = this.#rejected.size < REJECTED_MAX;
    const message = this.#outgoing.make(now, 'task.rejected', name, dumps(data), kept);
    if (kept) this.#rejected.set(name, { message, of: messageId });
    this.#outgoing.post(message);
  }

  #accept(now: number, invoke: Invoke, entry: Entry, inputs: unknown): void {
    const attempt = new Attempt(invoke.attempt, invoke.fence, entry);
    this.#hold(attempt);
    this.slots.take(attempt.slotClass);
    attempt.queued = this.#outgoing.make(now, 'task.queued', attempt.name, `${attempt.head}}`, true);
    this.#outgoing.post(attempt.queued);
    this.#outgoing.start({ kind: 'start', invoke, entry, inputs });
  }

  cancel(now: number, name: string, fence: unknown, reason: string, graceS: number): void {
    const held = this.held.get(name);
    if (held !== undefined) {
      if (held.end === undefined) this.#stop(now, held, reason, graceS);
      else this.#outgoing.again(held.end);
      return;
    }
    const past = this.#past.get(name);
    if (past !== undefined && (past.fenced || past.end !== undefined)) {
      if (past.end !== undefined) this.#outgoing.again(past.end);
      return;
    }
    // Unknown: it is known from now on as ended, so that an invoke that is late starts nothing.
    this.#dropRejection(name);
    this.#past.delete(name);
    const attempt = new Attempt(name, fence);
    this.#hold(attempt);
    this.#setEnd(now, attempt, 'task.cancelled', ',"was_running":false,"cleaned":true}');
  }

  #stop(now: number, attempt: Attempt, reason: string, graceS: number): void {
    if (!attempt.cancellable) {
      this.actions.push({
        kind: 'tell',
        level: 'info',
        text: `${attempt.name} is not cancellable: its end is waited for`,
      });
      return;
    }
    const until = now + Math.max(0, graceS);
    if (attempt.stopping) {
      const known = this.#graces.get(attempt.name);
      if (known !== undefined) this.#graces.set(attempt.name, Math.min(until, known));
      return;
    }
    attempt.stopping = true;
    this.#graces.set(attempt.name, until);
    this.actions.push({ kind: 'stop', attempt: attempt.name, reason });
  }

  stopAll(now: number, reason: string, graceS: number): void {
    for (const attempt of this.held.values()) {
      if (attempt.end === undefined) this.#stop(now, attempt, reason, graceS);
    }
  }

  /** It is not ours any more: nothing more of it is sent, and what runs is ended. */
  forget(now: number, name: string, fenced: boolean): void {
    const attempt = this.held.get(name);
    this.held.delete(name);
    this.#rejected.delete(name);
    this.#outgoing.drop(name);
    this.#outgoing.over(name);
    this.#late.delete(name);
    if (attempt === undefined) {
      if (fenced || this.#past.get(name) === undefined) this.#past.set(name, { fenced });
      return;
    }
    this.#heldBytes -= attempt.size;
    this.#past.set(name, { fenced });
    if (attempt.end !== undefined) return;
    this.#ghosts.set(name, attempt.slotClass);
    if (attempt.stopping) return;
    this.#graces.set(name, now + GRACE_S);
    this.actions.push({ kind: 'stop', attempt: name, reason: 'fenced' });
  }

  /** The server is another's now: what runs is ended, what has ended stays on the disk. */
  forgetAll(now: number): void {
    for (const attempt of [...this.held.values()]) {
      if (attempt.end === undefined) this.forget(now, attempt.name, true);
    }
  }

  fate(now: number, name: string, fate: string): void {
    if (fate === 'abort') this.cancel(now, name, undefined, 'user', GRACE_S);
    else if (fate === 'already_terminal' || fate === 'fenced') this.forget(now, name, fate === 'fenced');
  }

  receipt(id: string): void {
    const message = this.#outgoing.receipt(id);
    if (message === undefined) return;
    if (message.type === 'task.rejected') this.#rejected.delete(message.attempt);
    if (ENDS[message.type] === undefined) return;
    const attempt = this.held.get(message.attempt);
    if (attempt === undefined || attempt.end !== message) return;
    if (attempt.queued !== undefined) this.#outgoing.receipt(attempt.queued.id); // a later state implies it
    this.held.delete(attempt.name);
    this.#heldBytes -= attempt.size;
    this.#past.set(attempt.name, { fenced: false, end: message.data.length <= PAST_DATA_MAX ? message : undefined });
  }

  /** Cerebro does not understand a message: sent again it would not be, either. */
  refused(now: number, id: string, text: string): void {
    const message = this.#outgoing.receipt(id);
    if (message === undefined) return;
    const attempt = this.held.get(message.attempt);
    if (attempt === undefined || attempt.end !== message) return;
    if (message.type !== 'task.completed') return this.forget(now, attempt.name, false);
    const error: ErrorData = {
      code: 'RESULT_REFUSED',
      message: fit(`the result was not understood: ${text}`, TEXT_MAX),
      phase: 'result',
      kind: 'system',
      retryable: false,
    };
    this.#setEnd(now, attempt, 'task.error', `,"error":${dumps(error)}}`);
  }

  // What the runner says.

  began(now: number, name: string): void {
    const attempt = this.held.get(name);
    if (attempt === undefined || attempt.state !== 'queued') return;
    attempt.state = 'started';
    const text = `${attempt.head},"where":${this.#place}}`;
    attempt.started = this.#outgoing.make(now, 'task.started', name, text, false);
    this.#outgoing.post(attempt.started);
  }

  /** `output`: JSON; undefined: none. `extra`: metrics and assets. */
  completed(now: number, name: string, output: string | undefined, extra: Readonly<Record<string, unknown>>): void {
    let text = output === undefined ? '' : `,"output":${output}`;
    for (const [key, value] of Object.entries(extra)) text += `,${dumps(key)}:${dumps(value)}`;
    const size = sizeOf(text) + 2 * name.length + ENVELOPE_MAX;
    if (size <= this.messageMax) return this.#ended(now, name, 'task.completed', `${text}}`);
    const most = (this.messageMax - ENVELOPE_MAX) >> 10;
    this.failed(now, name, {
      code: 'OUTPUT_TOO_LARGE',
      message:
        `the output has ${size >> 10} KiB, and a message takes ${most}: write it to a file or a table, ` +
        'and give its name',
      phase: 'result',
      kind: 'user',
      retryable: false,
    });
  }

  failed(now: number, name: string, error: ErrorData): void {
    let text = dumps(error);
    if (sizeOf(text) + ENVELOPE_MAX > this.messageMax) {
      const { detail: _detail, cause: _cause, ...kept } = error;
      text = dumps(kept);
    }
    this.#ended(now, name, 'task.error', `,"error":${text}}`);
  }

  cancelled(now: number, name: string, cleaned: boolean): void {
    const was = this.held.get(name)?.state === 'started';
    this.#ended(now, name, 'task.cancelled', `,"was_running":${was},"cleaned":${cleaned}}`);
  }

  progressed(now: number, name: string, data: Record<string, unknown>): void {
    const attempt = this.held.get(name);
    if (attempt === undefined || attempt.end !== undefined) return;
    if (typeof data['fraction'] === 'number') attempt.progress = data['fraction'];
    const last = attempt.lastProgress;
    if (last !== undefined && (last.waiting || this.#late.has(name))) {
      Object.assign(last.values, data);
      return;
    }
    const message = new ProgressMessage(name, attempt.head, { ...data });
    attempt.lastProgress = message;
    if (now - attempt.progressAt < PROGRESS_S) {
      if (this.#late.size === 0) this.#lateAt = now + PROGRESS_S;
      this.#late.set(name, message);
      return;
    }
    attempt.progressAt = now;
    this.#outgoing.post(this.#outgoing.dress(now, message));
  }

  logged(now: number, name: string, level: string, offset: number, lines: readonly string[]): void {
    const attempt = this.held.get(name);
    if (attempt === undefined || attempt.end !== undefined) return;
    const size = lines.reduce((sum, line) => sum + line.length * 3, 0);
    const last = attempt.lastLog;
    if (
      last !== undefined &&
      last.waiting &&
      last.level === level &&
      last.offset === offset &&
      last.lines.length + lines.length <= LOG_LINES_MAX &&
      last.bytes + size <= LOG_BYTES_MAX
    ) {
      last.lines.push(...lines);
      last.offset += lines.length;
      last.bytes += size;
      return;
    }
    if (lines.length > 1 && (size > LOG_BYTES_MAX || lines.length > LOG_LINES_MAX)) {
      const half = lines.length >> 1;
      this.logged(now, name, level, offset, lines.slice(0, half));
      return this.logged(now, name, level, offset + half, lines.slice(half));
    }
    const message = new LogMessage(name, attempt.head, level, offset, lines, size);
    attempt.lastLog = message;
    this.#outgoing.post(this.#outgoing.dress(now, message));
  }

  extend(now: number, name: string, data: Readonly<Record<string, unknown>>): void {
    const attempt = this.held.get(name);
    if (attempt === undefined || attempt.end !== undefined) return;
    const text = `${attempt.head},${dumps(data).slice(1)}`;
    this.#outgoing.post(this.#outgoing.make(now, 'task.extend', name, text, false));
  }

  #ended(now: number, name: string, type: string, rest: string): void {
    this.#graces.delete(name);
    const ghost = this.#ghosts.get(name);
    if (ghost !== undefined) {
      this.#ghosts.delete(name);
      this.slots.give(ghost);
      return;
    }
    const attempt = this.held.get(name);
    if (attempt === undefined || attempt.end !== undefined) return;
    this.slots.give(attempt.slotClass);
    this.#flushLate(now, name);
    this.#setEnd(now, attempt, type, rest);
  }

  #setEnd(now: number, attempt: Attempt, type: string, rest: string): void {
    attempt.end = this.#outgoing.make(now, type, attempt.name, attempt.head + rest, true);
    attempt.state = ENDS[type] ?? 'error';
    attempt.lastLog = attempt.lastProgress = undefined;
    this.#outgoing.post(attempt.end);
  }

  // Time, and what there is.

  restore(left: Left): void {
    for (const name of left.past) this.#past.set(name, { fenced: false, ofEarlierBoot: true });
    for (const message of left.messages) {
      if (ENDS[message.type] === undefined) {
        this.#rejected.set(message.attempt, { message, of: '' });
        continue;
      }
      const attempt = new Attempt(message.attempt, undefined);
      attempt.end = message;
      attempt.state = ENDS[message.type] ?? 'error';
      this.#hold(attempt);
    }
  }

  /** Says of what an earlier process was killed with that it is lost, for who has no other way to know. */
  tellLost(now: number, lost: readonly string[]): void {
    for (const text of lost) {
      const data = JSON.parse(text) as { attempt: string; fence?: unknown };
      if (!this.held.has(data.attempt)) this.#endLost(now, new Attempt(data.attempt, data.fence));
    }
  }

  #endLost(now: number, attempt: Attempt): void {
    const error: ErrorData = {
      code: 'LOST',
      message: 'the process of the task server ended while it had the attempt; it does not run it a second time',
      phase: 'infra',
      kind: 'lost',
      retryable: true,
    };
    this.#past.delete(attempt.name);
    this.#hold(attempt);
    this.#setEnd(now, attempt, 'task.error', `,"error":${dumps(error)}}`);
  }

  #hold(attempt: Attempt): void {
    this.held.set(attempt.name, attempt);
    this.#heldBytes += attempt.size;
  }

  tick(now: number): void {
    for (const [name, at] of [...this.#graces]) {
      if (at > now) continue;
      this.#graces.delete(name);
      this.actions.push({ kind: 'overdue', attempt: name });
    }
    if (this.#late.size > 0 && this.#lateAt <= now) {
      for (const name of [...this.#late.keys()]) this.#flushLate(now, name);
    }
  }

  #flushLate(now: number, name: string): void {
    const message = this.#late.get(name);
    this.#late.delete(name);
    const attempt = this.held.get(name);
    if (message === undefined || attempt === undefined) return;
    attempt.progressAt = now;
    this.#outgoing.post(this.#outgoing.dress(now, message));
  }

  due(): number {
    return Math.min(...this.#graces.values(), this.#late.size > 0 ? this.#lateAt : Infinity);
  }

  get running(): number {
    return this.slots.taken;
  }

  free(): Record<string, number> {
    return this.slots.all(this.draining);
  }
}
