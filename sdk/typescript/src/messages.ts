/** Messages as they travel: CloudEvents 1.0 in JSON, alone or as a list. Pure. */
import { dumps, sizeOf } from './texts.ts';

export const SUBPROTOCOL = 'cordyna.v1+cloudevents.json';
export const SOCKET_PATH = '/api/v1/ts/socket';
export const EVENTS_PATH = '/api/v1/ts/events';
export const COMMANDS_PATH = '/api/v1/ts/commands';
export const PROTOCOL = 1;
export const LEVEL = 2;
/** Bytes of one message. */
export const MESSAGE_MAX = 256 << 10;
/** Bytes of a list. */
export const FRAME_MAX = 1 << 20;
/** Bytes of what cerebro may send at once: an invoke has up to 3 MiB beside its envelope. */
export const INCOMING_MAX = 8 << 20;
/** Messages in a list. */
export const BATCH_MAX = 1000;
/** Bytes of a message beside its data: names are bounded. */
export const ENVELOPE_MAX = 4096;

const PREFIX = 'cordyna.';
const SUFFIX = '.v1';
export const ENDS: Readonly<Record<string, AttemptState>> = {
  'task.completed': 'completed',
  'task.error': 'error',
  'task.cancelled': 'cancelled',
};

export type AttemptState = 'queued' | 'started' | 'completed' | 'error' | 'cancelled';

/** What is on the disk of one. */
export interface KeptMessage {
  readonly id: string;
  readonly type: string;
  readonly attempt: string;
  readonly time: string;
  readonly data: string;
}

/**
 * One that this server sends. `type` without what all types share: "task.queued".
 *
 * `kept`: it needs a receipt. `order` counts all messages of a boot: those of one attempt are sent in it.
 * `data` is JSON; that of messages that gather until they are sent is made by `dataText`.
 */
export class Message implements KeptMessage {
  id: string;
  readonly type: string;
  readonly attempt: string;
  readonly data: string;
  order: number;
  kept: boolean;
  time: string;
  /** When it is sent again, without a receipt. */
  due = 0;
  /** In the queue, not sent yet. */
  waiting = false;
  /** In the queue, but not to be sent any more. */
  gone = false;
  /** Of its last sending. */
  seq = 0;

  constructor(id: string, type: string, attempt: string, data: string, order: number, kept: boolean, time: string) {
    this.id = id;
    this.type = type;
    this.attempt = attempt;
    this.data = data;
    this.order = order;
    this.kept = kept;
    this.time = time;
  }

  dataText(): string {
    return this.data;
  }

  /** `source`: as JSON. `session`: as JSON, empty before welcome; no `seq` is sent then. */
  text(source: string, session: string, seq: number): string {
    let out = `{"specversion":"1.0","id":${dumps(this.id)},"source":${source},"type":"${PREFIX}${this.type}${SUFFIX}"`;
    if (this.time !== '') out += `,"time":"${this.time}"`;
    if (this.attempt !== '') out += `,"subject":${dumps(this.attempt)}`;
    if (session !== '') out += `,"session":${session},"seq":"${seq}"`;
    return `${out},"datacontenttype":"application/json","data":${this.dataText()}}`;
  }
}

/** Takes newer values until it is sent. `head`: its data, without its end. */
export class ProgressMessage extends Message {
  readonly head: string;
  readonly values: Record<string, unknown>;

  constructor(attempt: string, head: string, values: Record<string, unknown>) {
    super('', 'task.progress', attempt, '', 0, false, '');
    this.head = head;
    this.values = values;
  }

  override dataText(): string {
    const text = dumps(this.values);
    return text === '{}' ? `${this.head}}` : `${this.head},${text.slice(1)}`;
  }
}

/** Takes more lines until it is sent. `offset`: of the next line. */
export class LogMessage extends Message {
  readonly head: string;
  readonly level: string;
  readonly lines: string[];
  readonly first: number;
  offset: number;
  bytes: number;

  constructor(attempt: string, head: string, level: string, first: number, lines: readonly string[], bytes: number) {
    super('', 'task.log', attempt, '', 0, false, '');
    this.head = head;
    this.level = level;
    this.lines = [...lines];
    this.first = first;
    this.offset = first + lines.length;
    this.bytes = bytes;
  }

  override dataText(): string {
    const lines = dumps(this.lines);
    return `${this.head},"stream":"log","offset":${this.first},"level":"${this.level}","lines":${lines}}`;
  }
}

export function frameOf(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(',')}]`;
}

/** Cuts messages into frames within the bounds. */
export class Frame {
  readonly texts: string[] = [];
  #bytes = 2;

  /** False: there is no room for it, and it was not taken. */
  takes(text: string): boolean {
    const size = sizeOf(text) + 1;
    if (this.texts.length > 0 && (this.texts.length >= BATCH_MAX || this.#bytes + size > FRAME_MAX)) return false;
    this.texts.push(text);
    this.#bytes += size;
    return true;
  }
}
