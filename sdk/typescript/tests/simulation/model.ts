/** A cerebro of the simulation: what it knows of its attempts, what it answers, and what must never happen. */
import { dumps } from '../../src/texts.ts';

export interface Event {
  id: string;
  type: string;
  data: Record<string, unknown>;
  session?: string;
  seq?: string;
}

export interface Known {
  readonly name: string;
  readonly fence: { epoch: number; token: string };
  state: 'sent' | 'queued' | 'started' | 'rejected' | 'completed' | 'error' | 'cancelled' | 'lost';
  /** Of the server that was heard of it. */
  boot: string;
  wantsCancel: boolean;
  isFenced: boolean;
  /** By level 0 there is no boot, and nobody is taken for lost. */
  end?: string;
}

const ENDS = new Set(['completed', 'error', 'cancelled', 'rejected', 'lost']);

export class Model {
  readonly attempts = new Map<string, Known>();
  readonly flaws: string[] = [];
  boot = '';
  isReady = false;
  #session = '';
  #seq = 0;
  #count = 0;
  #sessions = 0;
  #invokes = new Map<string, string>();

  event(type: string, data: object, id = `c${(this.#count += 1)}`): Event {
    const session = this.#session === '' ? {} : { session: this.#session };
    return { id, type: `cordyna.${type}.v1`, data: data as Record<string, unknown>, ...session };
  }

  // What it wants.

  invoke(): Known {
    const number = this.attempts.size + 1;
    const name = `r${number}/work/1`;
    const fence = { epoch: 1, token: `t${number}` };
    const made: Known = { name, fence, state: 'sent', boot: '', wantsCancel: false, isFenced: false };
    this.attempts.set(name, made);
    this.#invokes.set(name, `i${number}`);
    return made;
  }

  invokeEvent(known: Known): Event {
    const { name, fence } = known;
    const rest = { revision: 0, idempotency_key: 'k', upstream: [], trigger: {}, deadlines: {}, inputs: {} };
    return this.event(
      'task.invoke',
      { attempt: name, run: 'r', task: 'work', fence, ...rest },
      this.#invokes.get(name),
    );
  }

  cancelEvent({ name, fence }: Known): Event {
    return this.event('task.cancel', { attempt: name, fence, reason: 'user', grace_s: 1 });
  }

  get live(): Known[] {
    return [...this.attempts.values()].filter((one) => !ENDS.has(one.state) && !one.isFenced);
  }

  // What it hears.

  opened(): void {
    this.#session = '';
    this.#seq = 0;
    this.isReady = false;
  }

  /** Of a session, or of a post. */
  hear(event: Event): Event[] {
    const type = event.type.slice('cordyna.'.length, -'.v1'.length);
    const { data } = event;
    if (event.session !== undefined && event.session !== this.#session) return [];
    if (type.startsWith('task.')) return this.#hearAttempt(type.slice('task.'.length), event);
    switch (type) {
      case 'server.hello':
        this.boot = String(data['boot']);
        this.#session = `s${(this.#sessions += 1)}`;
        return [this.#welcome()];
      case 'server.declare':
        return [this.event('server.declared', { revision: data['revision'], accepted: ['work'], rejected: [] })];
      case 'server.resume':
        return [this.event('server.resumed', { attempts: this.#resumed(data) })];
      case 'server.ready':
        this.isReady = true;
        return this.live.flatMap((one) => this.open(one));
      case 'server.heartbeat': {
        const cancels = this.live.filter((one) => one.wantsCancel).map((one) => one.name);
        return [this.event('server.lease', { lease_s: 30, cancels })];
      }
      case 'message.problem':
        this.flaws.push(`a problem: ${dumps(data)}`);
    }
    return [];
  }

  #welcome(): Event {
    const bounds = { heartbeat_s: 5, lease_s: 15, message_max: 256 << 10 };
    const more = { protocol: 1, session: this.#session, epoch: 1, want_declaration: this.#sessions % 2 === 1 };
    return this.event('server.welcome', { ...bounds, ...more });
  }

  /** What a server that is ready has to be told of an attempt once more. */
  open(one: Known): Event[] {
    if (one.wantsCancel) return [this.cancelEvent(one)];
    return one.state === 'sent' ? [this.invokeEvent(one)] : [];
  }

  #resumed(data: Record<string, unknown>): { attempt: string; fate: string }[] {
    const listed = data['attempts'] as { attempt: string; state: string; terminal?: Record<string, unknown> }[];
    const names = new Set(listed.map((one) => one.attempt));
    for (const one of this.live) {
      if (one.boot !== '' && one.boot !== this.boot && !names.has(one.name)) one.state = 'lost';
    }
    return listed.map(({ attempt, state, terminal }) => {
      const known = this.attempts.get(attempt);
      if (known === undefined || known.isFenced) return { attempt, fate: 'fenced' };
      if (ENDS.has(known.state)) return { attempt, fate: 'already_terminal' };
      if (terminal !== undefined) this.#end(known, state, dumps(terminal));
      else if (known.wantsCancel) return { attempt, fate: 'abort' };
      known.boot = this.boot;
      return { attempt, fate: 'continue' };
    });
  }

  #end(known: Known, state: string, end: string): void {
    if (!ENDS.has(known.state)) {
      known.state = state as Known['state'];
      known.end = end;
      return;
    }
    // What a process says of an attempt that it does not know any more is no second end.
    const isSecond = known.end !== undefined && known.end !== end && known.state !== 'rejected';
    if (isSecond && !/"was_running":false|"code":"LOST"/.test(end)) {
      this.flaws.push(`${known.name} has two ends: ${known.end} and ${end}`);
    }
  }

  #hearAttempt(kind: string, event: Event): Event[] {
    const known = this.attempts.get(String(event.data['attempt']));
    if (known === undefined) {
      this.flaws.push(`an attempt that nobody invoked: ${dumps(event)}`);
      return [];
    }
    if (dumps(event.data['fence']) !== dumps(known.fence) && event.data['fence'] !== undefined) {
      this.flaws.push(`another fence: ${dumps(event)}`);
    }
    if (known.boot === '') known.boot = this.boot;
    const receipt = this.event('message.receipt', { ids: [event.id] });
    if (known.isFenced) return [receipt, this.event('task.fenced', { attempt: known.name })];
    if (kind === 'queued' && known.state === 'sent') known.state = 'queued';
    else if (kind === 'started' && !ENDS.has(known.state)) known.state = 'started';
    else if (kind === 'rejected' && known.state === 'sent') this.#end(known, kind, 'rejected');
    else if (ENDS.has(kind)) this.#end(known, kind, dumps(event.data));
    return [receipt];
  }

  /** Of a session, that of all messages that arrive is right. */
  checkSeq(event: Event): void {
    if (event.session === undefined || event.session !== this.#session) return;
    if (Number(event.seq) <= this.#seq) this.flaws.push(`seq ${event.seq} after ${this.#seq}`);
    this.#seq = Number(event.seq);
  }
}
