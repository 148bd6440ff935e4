/** A session over a WebSocket, one connection at a time. */
import { clock, Engine, type Tell } from './engine.ts';
import { type Link, Refused, type Socket, Unreachable } from './link.ts';
import { frameOf } from './messages.ts';
import type { Batch } from './protocol/outgoing.ts';
import type { Session } from './protocol/session.ts';
import { readFrame } from './received.ts';
import type { Outbox } from './state/outbox.ts';

export class SocketEngine extends Engine<Session> {
  readonly #link: Link;
  #socket: Socket | undefined;
  /** Of connections: what comes of an earlier one is not listened to. */
  #generation = 0;

  constructor(session: Session, link: Link, outbox: Outbox, tell: Tell) {
    super(session, outbox, tell);
    this.#link = link;
  }

  protected override async connect(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    let socket: Socket;
    try {
      socket = await this.#link.open();
    } catch (error) {
      if (generation !== this.#generation) return;
      const text = (error as Error).message;
      if (error instanceof Refused) this.machine.refused(clock(), text);
      else this.machine.closed(clock(), text);
      return this.pump();
    }
    if (generation !== this.#generation || this.isOver) return socket.drop();
    this.#socket = socket;
    socket.listen({
      received: (text) => this.#received(generation, text),
      lost: (reason) => this.#lost(generation, reason),
    });
    this.machine.opened(clock());
    this.pump();
  }

  #received(generation: number, text: string): void {
    const now = clock();
    for (const message of readFrame(text)) {
      if (generation !== this.#generation) return;
      this.machine.received(now, message);
    }
    this.pump();
  }

  #lost(generation: number, reason: string): void {
    if (generation !== this.#generation) return;
    this.#generation += 1;
    this.#socket?.drop();
    this.#socket = undefined;
    this.machine.closed(clock(), reason);
    this.pump();
  }

  protected override disconnect(): void {
    this.#generation += 1;
    const socket = this.#socket;
    this.#socket = undefined;
    // What was said last may still be on its way; nobody waits for it.
    if (socket !== undefined) this.spawn(socket.close());
  }

  protected override async send(batch: Batch): Promise<void> {
    const generation = this.#generation;
    const socket = this.#socket;
    // Without one, what needs a receipt is sent in the next session.
    if (socket === undefined) return;
    try {
      await socket.send(frameOf(batch.texts));
    } catch (error) {
      if (error instanceof Unreachable) return this.#lost(generation, error.message);
      throw error;
    }
    if (!batch.close || generation !== this.#generation) return;
    this.#generation += 1;
    this.#socket = undefined;
    await socket.close();
    this.machine.closed(clock(), 'drained');
    this.pump();
  }
}
