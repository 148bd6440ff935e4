/**
 * A world of one seed: the machine of a server, a disk, a model of cerebro, and a network between them.
 *
 * Messages vanish and come twice, connections break, the process is killed and comes back, also between what is saved
 * and what is sent. Times are a list of events; equal ones go in the order in which they were made.
 */
import { frameOf } from '../../src/messages.ts';
import type { Start } from '../../src/protocol/actions.ts';
import type { Declaration, Machine } from '../../src/protocol/machine.ts';
import type { Batch } from '../../src/protocol/outgoing.ts';
import { Polling } from '../../src/protocol/polling.ts';
import { Session } from '../../src/protocol/session.ts';
import { readFrame } from '../../src/received.ts';
import { Contents, type Entry } from '../../src/state/outbox.ts';
import { randomOf } from '../temporary.ts';
import { type Event, Model } from './model.ts';

const ENTRY = { slotClass: 'default', cancellable: true, bind: (inputs: object) => inputs };
const DECLARATION: Declaration = {
  catalog: new Map([['work', ENTRY]]),
  tasks: [{ id: 'work' }],
  hash: 'h',
  revision: 1,
};

export class World {
  readonly random: () => number;
  readonly model = new Model();
  readonly flaws: string[] = [];
  /** How often the function of an attempt was called, over all processes. */
  readonly runs = new Map<string, number>();
  /** Ends that were on the disk once. */
  readonly ends = new Map<string, string>();
  readonly exits: string[] = [];
  readonly overHttp: boolean;
  now = 0;
  loss = 0.05;
  doubling = 0.05;
  crash = 0.01;
  boots = 0;
  isUp = false;
  disk = new Contents();
  #lines: string[] = [];
  #machine: Machine | undefined;
  #events: { at: number; order: number; run: () => void }[] = [];
  #order = 0;
  /** Of processes and of connections: what is of an earlier one does not happen. */
  #life = 0;
  #link = 0;
  #isLinked = false;
  #mailbox: Event[] = [];

  constructor(seed: number, overHttp: boolean) {
    this.random = randomOf(seed);
    this.overHttp = overHttp;
  }

  later(delay: number, run: () => void): void {
    this.#events.push({ at: this.now + delay, order: (this.#order += 1), run });
  }

  #ofLife(delay: number, run: () => void): void {
    const life = this.#life;
    this.later(delay, () => life === this.#life && run());
  }

  runUntil(until: number): void {
    for (;;) {
      this.#events.sort((a, b) => a.at - b.at || a.order - b.order);
      const due = Math.max(this.now, this.#machine?.due() ?? Infinity);
      const next = this.#events[0];
      if ((next?.at ?? Infinity) > until && due > until) break;
      if (next !== undefined && next.at <= due) {
        this.#events.shift();
        this.now = next.at;
        next.run();
      } else {
        this.now = due;
        this.#machine?.tick(this.now);
        this.#pump();
      }
    }
    this.now = until;
  }

  // The process.

  boot(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.boots += 1;
    this.#life += 1;
    // What is read is what was written, and not what was thought.
    this.disk = new Contents();
    for (const line of this.#lines) this.disk.apply(JSON.parse(line) as Entry);
    const left = this.disk.begin();
    this.#lines = [JSON.stringify(this.disk.whole())];
    const config = { team: 'a', server: 'b', boot: `boot${this.boots}`, slots: { default: 3 } };
    const Made = this.overHttp ? Polling : Session;
    this.#machine = new Made(config, this.random, left, this.now);
    this.#machine.declare(this.now, DECLARATION);
    this.#machine.start(this.now);
    this.#pump();
  }

  kill(): void {
    this.isUp = false;
    this.#life += 1;
    this.#machine = undefined;
    this.cut();
  }

  drain(): void {
    this.#machine?.drain(this.now, 'SIGTERM');
    this.#pump();
  }

  #pump(): void {
    for (let machine = this.#machine; machine !== undefined;) {
      for (const action of machine.takeActions(this.now)) {
        if (action.kind === 'connect') this.#connect();
        else if (action.kind === 'disconnect') this.cut(false);
        else if (action.kind === 'stop') this.#ofLife(0.1, () => this.#end(action.attempt, 'cancelled'));
        else if (action.kind === 'exit') {
          this.exits.push(action.reason);
          this.#write(machine.take(this.now));
          return this.kill();
        }
      }
      if (machine.hasWork && !this.#write(machine.take(this.now))) return this.kill();
      if (machine !== this.#machine || !machine.hasWork) return;
    }
  }

  /** False: it was killed meanwhile. */
  #write(batch: Batch): boolean {
    const { save, forget, over } = batch;
    if (this.random() < this.crash) return false;
    const plain = save.map(({ id, type, attempt, time, data }) => ({ id, type, attempt, time, data }));
    this.#lines.push(JSON.stringify({ save: plain, forget, over }));
    this.disk.apply({ save: plain, forget: [...forget], over: [...over] });
    for (const one of save) {
      if (/completed|error|cancelled/.test(one.type) && !this.ends.has(one.attempt))
        this.ends.set(one.attempt, one.data);
    }
    if (this.random() < this.crash) return false;
    for (const order of batch.starts) this.#start(order);
    if (batch.texts.length > 0) this.#send(batch);
    return true;
  }

  #start({ invoke: { attempt } }: Start): void {
    if (!this.disk.running.has(attempt) && !this.disk.past.has(attempt))
      this.flaws.push(`${attempt} is not on the disk`);
    this.runs.set(attempt, (this.runs.get(attempt) ?? 0) + 1);
    this.#ofLife(0.01, () => this.#say((machine) => machine.attempts.began(this.now, attempt)));
    this.#ofLife(0.02 + 8 * this.random() ** 3, () => this.#end(attempt, this.random() < 0.3 ? 'error' : 'completed'));
  }

  #end(attempt: string, state: string): void {
    const error = { code: 'X', message: 'x', phase: 'run', kind: 'user', retryable: true } as const;
    this.#say((machine) => {
      if (state === 'completed') machine.attempts.completed(this.now, attempt, `"${attempt}"`, {});
      else if (state === 'error') machine.attempts.failed(this.now, attempt, error);
      else machine.attempts.cancelled(this.now, attempt, true);
      machine.attemptEnded(this.now);
    });
  }

  #say(what: (machine: Machine) => void): void {
    if (this.#machine === undefined) return;
    what(this.#machine);
    this.#pump();
  }

  // The network.

  cut(tells = true): void {
    this.#link += 1;
    const was = this.#isLinked;
    this.#isLinked = false;
    const machine = this.#machine;
    if (!tells || !was || !(machine instanceof Session)) return;
    machine.closed(this.now, 'cut');
    this.#pump();
  }

  #connect(): void {
    if (this.overHttp) return this.#ofLife(0.1, () => this.#poll());
    this.#ofLife(0.05, () => {
      this.#link += 1;
      this.#isLinked = true;
      this.model.opened();
      this.#say((machine) => machine instanceof Session && machine.opened(this.now));
    });
  }

  /** One way, of this connection. */
  #carry(texts: readonly string[], to: (texts: string[]) => void): void {
    const link = this.#link;
    // Those of the session are not said again: of them a connection loses none, but by its end.
    const there = texts.filter((text) => text.includes('"cordyna.server.') || this.random() >= this.loss);
    const times = this.random() < this.doubling ? 2 : 1;
    const copies = Array.from({ length: times }, () => there).flat();
    this.later(0.01, () => link === this.#link && to(copies));
  }

  #send(batch: Batch): void {
    if (this.overHttp) return this.#post(batch);
    if (!this.#isLinked) return;
    this.#carry(batch.texts, (texts) => texts.forEach((text) => this.tell(this.model.hear(JSON.parse(text) as Event))));
    if (!batch.close) return;
    const link = this.#link;
    this.#ofLife(0.02, () => {
      if (link !== this.#link) return;
      this.#link += 1;
      this.#isLinked = false;
      this.#say((machine) => machine instanceof Session && machine.closed(this.now, 'drained'));
    });
  }

  /** Of cerebro, to the server. */
  tell(events: readonly Event[]): void {
    if (events.length === 0) return;
    if (this.overHttp) return void this.#mailbox.push(...events.filter((one) => one.type.startsWith('cordyna.task.')));
    if (!this.#isLinked) return;
    this.#carry(events.map((one) => JSON.stringify(one)), (texts) => {
      const whole = frameOf(texts.length === 0 ? ['[]'] : texts);
      this.#say((machine) => readFrame(whole).forEach((one) => machine.received(this.now, one)));
    }); // prettier-ignore
  }

  #post(batch: Batch): void {
    if (this.#machine !== undefined) this.#machine.isSending = true;
    this.#ofLife(0.02, () => this.#postOnce(batch));
  }

  /** Until it is answered: the request, or its answer, may be lost. */
  #postOnce(batch: Batch): void {
    const machine = this.#machine;
    if (!(machine instanceof Polling)) return;
    const isLost = this.random() < this.loss;
    if (!isLost) for (const text of batch.texts) this.tell(this.model.hear(JSON.parse(text) as Event));
    if (isLost || this.random() < this.loss) {
      machine.unreachable('lost', 1);
      return this.#ofLife(1, () => this.#postOnce(batch));
    }
    machine.isSending = false;
    machine.posted(this.now, batch, []);
    this.#pump();
  }

  #poll(): void {
    const machine = this.#machine;
    if (!(machine instanceof Polling)) return;
    const found = this.#mailbox.splice(0);
    const text = JSON.stringify(this.random() < this.doubling ? [...found, ...found] : found);
    // Cerebro has given them away: a lost answer is a lost command.
    if (this.random() < this.loss) machine.unreachable('lost', 0.5);
    else machine.fetched(this.now, readFrame(text));
    this.#pump();
    this.#ofLife(0.5, () => this.#poll());
  }
}
