/** What a task's function is told of its attempt, and says while it runs. */
import { setTimeout } from 'node:timers/promises';
import { type Duration, secondsOf } from './durations.ts';
import { Cancelled } from './errors.ts';
import type { Level } from './protocol/actions.ts';
import type { Invoke } from './received.ts';
import { clean, fit } from './texts.ts';

const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error'];
/** A longer one would be none at all. */
const TIMER_MAX_MS = 2 ** 31 - 1;
const PROGRESS_TEXT_MAX = 4096;
const LINE_MAX = 16_384;

/** Where what a context says goes. */
export interface Sink {
  progress(attempt: string, data: Record<string, unknown>): void;
  log(attempt: string, level: Level, offset: number, lines: readonly string[]): void;
  extend(attempt: string, data: Record<string, unknown>): void;
}

/** A task that was needed, and has completed. */
export interface Upstream<O = unknown> {
  readonly task: string;
  readonly run: string;
  readonly completedAt: Date | undefined;
  readonly output: O;
  /** Where an output is that was too large for a message. */
  readonly outputRef: Readonly<Record<string, unknown>> | undefined;
}

/** Why the run was begun. */
export interface Trigger {
  /** cron, event, webhook, manual, upstream, backfill. */
  readonly kind: string;
  readonly id: string;
  /** The time that it is for. */
  readonly scheduledFor: Date | undefined;
}

/** Of a task, as its id or itself. `Output`: of types alone. */
export interface OutputOf<O> {
  readonly id: string;
  readonly _output: O;
}

export interface ProgressDetails {
  /** Numbers by name. */
  counters?: Readonly<Record<string, number>>;
  /** Where the next attempt may go on. */
  checkpoint?: string;
}

export class Context {
  /** Its name, unique for ever: `RUN/TASK/NUMBER`. */
  readonly attempt: string;
  readonly run: string;
  readonly task: string;
  /** The same for each attempt of the task in its run. */
  readonly idempotencyKey: string;
  /** Seconds, each counted from the step before: acknowledge, start, complete. */
  readonly deadlines: Readonly<Record<string, unknown>>;
  readonly upstreams: readonly Upstream[];
  readonly trigger: Trigger;
  readonly #sink: Sink;
  readonly #controller = new AbortController();
  #lines = 0;
  #asked = false;
  readonly #metrics = new Map<string, number>();
  readonly #assets: Record<string, string>[] = [];

  constructor(invoke: Invoke, sink: Sink) {
    this.attempt = invoke.attempt;
    this.run = invoke.run;
    this.task = invoke.task;
    this.idempotencyKey = invoke.idempotency_key;
    this.deadlines = invoke.deadlines;
    this.upstreams = invoke.upstream.map(upstreamOf);
    const { kind, id, scheduled_for } = invoke.trigger;
    this.trigger = { kind: String(kind ?? 'manual'), id: String(id ?? ''), scheduledFor: timeOf(scheduled_for) };
    this.#sink = sink;
  }

  /** Of the attempt: 1 for the first. */
  get number(): number {
    const last = this.attempt.slice(this.attempt.lastIndexOf('/') + 1);
    return /^\d+$/.test(last) ? Number(last) : 1;
  }

  /** What was needed, and has completed: by its id, by `team/id`, or by the task itself. RangeError: it is none. */
  upstream<O>(task: OutputOf<O>): Upstream<O>;
  upstream(task: string): Upstream;
  upstream(task: string | OutputOf<unknown>): Upstream {
    const name = typeof task === 'string' ? task : task.id;
    const short = (text: string): string => text.slice(text.lastIndexOf('/') + 1);
    const found =
      this.upstreams.find((one) => one.task === name) ??
      this.upstreams.find((one) => one.task === short(name)) ??
      this.upstreams.find((one) => short(one.task) === name);
    if (found !== undefined) return found;
    const known = this.upstreams.map((one) => one.task).join(', ') || 'nothing';
    throw new RangeError(`there is no upstream task '${name}'; the attempt has: ${known}`);
  }

  // Its end.

  /** Is aborted when the attempt is to end; the reason is a `Cancelled`. */
  get signal(): AbortSignal {
    this.#asked = true;
    return this.#controller.signal;
  }

  get isCancelled(): boolean {
    this.#asked ||= this.#controller.signal.aborted;
    return this.#controller.signal.aborted;
  }

  /** Cancelled: the attempt is to end. */
  throwIfCancelled(): void {
    if (this.isCancelled) this.#controller.signal.throwIfAborted();
  }

  /** Waits. Cancelled: the attempt is to end. */
  async sleep(duration: Duration): Promise<void> {
    const signal = this.signal;
    const until = performance.now() + secondsOf(duration) * 1000;
    do {
      signal.throwIfAborted();
      const ms = Math.min(TIMER_MAX_MS, Math.max(0, until - performance.now()));
      // It throws an error of its own; the one to be thrown is the signal's reason.
      await setTimeout(ms, undefined, { signal }).catch(() => undefined);
    } while (performance.now() < until || signal.aborted);
  }

  // What it says.

  /** How far it is, from 0 to 1, and what it is at. The latest counts; what comes too often is left out. */
  progress(fraction?: number, message?: string, { counters, checkpoint }: ProgressDetails = {}): void {
    const data: Record<string, unknown> = {};
    if (fraction !== undefined) data['fraction'] = Math.min(1, Math.max(0, numberOf('fraction', fraction)));
    if (message !== undefined) data['message'] = fit(clean(String(message)), PROGRESS_TEXT_MAX);
    if (counters !== undefined) {
      data['counters'] = Object.fromEntries(Object.entries(counters).map(([name, one]) => [name, numberOf(name, one)]));
    }
    if (checkpoint !== undefined) {
      if (Buffer.byteLength(checkpoint) > PROGRESS_TEXT_MAX) {
        throw new RangeError(`the checkpoint has more than ${PROGRESS_TEXT_MAX} bytes`);
      }
      data['checkpoint'] = clean(checkpoint);
    }
    this.#sink.progress(this.attempt, data);
  }

  /** Lines for whoever looks at the attempt. They may be lost, and a gap is seen. */
  log(text: string, level: Level = 'info'): void {
    if (!LEVELS.includes(level))
      throw new RangeError(`the level is '${level}'; it must be one of ${LEVELS.join(', ')}`);
    const lines = clean(String(text))
      .replace(/\r?\n$/, '')
      .split(/\r?\n/)
      .map((line) => fit(line, LINE_MAX));
    const offset = this.#lines;
    this.#lines += lines.length;
    this.#sink.log(this.attempt, level, offset, lines);
  }

  /** A number of the attempt, for its history. */
  metric(name: string, value: number): void {
    this.#metrics.set(name, numberOf(name, value));
  }

  /** Something that was made, until when it need not be made again. */
  asset(name: string, { version, freshUntil }: { version?: string; freshUntil?: Date } = {}): void {
    const made: Record<string, string> = { name };
    if (version !== undefined) made['version'] = version;
    if (freshUntil !== undefined) made['fresh_until'] = freshUntil.toISOString();
    this.#assets.push(made);
  }

  /** Asks for more time, within `maxExtend` of the task's timeouts. */
  extend(more: Duration, reason = ''): void {
    const data: Record<string, unknown> = { more_s: secondsOf(more) };
    if (reason !== '') data['reason'] = fit(clean(reason), LINE_MAX);
    this.#sink.extend(this.attempt, data);
  }

  // For who runs it.

  /** @internal */
  _cancel(reason: string): void {
    this.#controller.abort(new Cancelled(reason));
  }

  /** @internal Whether it was told to end, and whether its function has looked. */
  get _told(): { aborted: boolean; asked: boolean } {
    return { aborted: this.#controller.signal.aborted, asked: this.#asked };
  }

  /** @internal What goes along with the output. */
  get _extra(): Record<string, unknown> {
    const extra: Record<string, unknown> = {};
    if (this.#metrics.size > 0) extra['metrics'] = Object.fromEntries(this.#metrics);
    if (this.#assets.length > 0) extra['assets'] = this.#assets;
    return extra;
  }
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new RangeError(`'${name}' is ${String(value)}; it must be a number`);
}

function timeOf(text: unknown): Date | undefined {
  const made = typeof text === 'string' ? new Date(text) : undefined;
  return made === undefined || Number.isNaN(made.getTime()) ? undefined : made;
}

function upstreamOf(said: Record<string, unknown>): Upstream {
  return {
    task: String(said['task'] ?? ''),
    run: String(said['run'] ?? ''),
    completedAt: timeOf(said['completed_at']),
    output: said['output'],
    outputRef: said['output_ref'] as Record<string, unknown> | undefined,
  };
}
