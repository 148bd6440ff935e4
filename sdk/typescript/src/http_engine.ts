/** The protocol over HTTP: what is to be said is posted, one request at a time; what is to be done is fetched. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clock, Engine, type Tell } from './engine.ts';
import { type Link, Refused, Unreachable } from './link.ts';
import { COMMANDS_PATH, EVENTS_PATH } from './messages.ts';
import { Backoff } from './protocol/machine.ts';
import type { Batch } from './protocol/outgoing.ts';
import type { Polling } from './protocol/polling.ts';
import { readFrame } from './received.ts';
import type { Outbox } from './state/outbox.ts';

/** Cerebro takes a server for gone that has not asked for a minute. */
const WAIT_S = 20;
/** Cerebro answers a post after 15 s at the latest. */
const POST_MS = 30_000;

export class HttpEngine extends Engine<Polling> {
  readonly #link: Link;
  readonly #source: string;
  readonly #random: () => number;
  readonly #stop = new AbortController();

  constructor(polling: Polling, link: Link, outbox: Outbox, tell: Tell, random: () => number) {
    super(polling, outbox, tell);
    this.#link = link;
    this.#random = random;
    const { team, server } = polling.config;
    this.#source = `${encodeURIComponent(team)}/${encodeURIComponent(server)}`;
  }

  protected override async connect(): Promise<void> {
    const backoff = new Backoff(this.#random);
    while (!this.#stop.signal.aborted) {
      // That cerebro is there again is not waited for in its answer.
      const wait = this.machine.isAway ? 0 : WAIT_S;
      const path = `${COMMANDS_PATH}?server=${this.#source}&wait=${wait}`;
      const text = await this.#call(path, undefined, (wait + 15) * 1000, backoff);
      if (text === undefined) continue;
      this.machine.fetched(clock(), readFrame(text));
      this.pump();
    }
  }

  /** Until it is answered: what is in it is said again as it stands, and counts once. */
  protected override async send(batch: Batch): Promise<void> {
    const body = `[${batch.texts.join(',')}]`;
    const backoff = new Backoff(this.#random);
    while (!this.#stop.signal.aborted) {
      const text = await this.#call(EVENTS_PATH, body, POST_MS, backoff);
      if (text === undefined) continue;
      return this.machine.posted(clock(), batch, readFrame(text));
    }
  }

  /** Undefined: there is no answer; it has waited until one may be asked for again. */
  async #call(
    path: string,
    body: string | undefined,
    timeoutMs: number,
    backoff: Backoff,
  ): Promise<string | undefined> {
    const { signal } = this.#stop;
    try {
      const { text } = await this.#link.call(path, body, timeoutMs, signal);
      backoff.reset();
      return text;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      if (error instanceof Refused && this.machine.refused(clock(), error.message)) {
        this.pump();
        return undefined;
      }
      const delay = backoff.next();
      this.machine.unreachable(error.message, delay);
      this.pump();
      await sleep(delay * 1000, undefined, { signal }).catch(() => undefined);
      return undefined;
    }
  }

  protected override disconnect(): void {
    this.#stop.abort();
  }
}
