/** A task server: tasks, and where they are served. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type DeclarationJson, hashOf, ID, type Owner, SERVER_ID } from './declaration.ts';
import { clock, type Engine } from './engine.ts';
import { CordynaError, DeclarationError } from './errors.ts';
import { HttpEngine } from './http_engine.ts';
import { baseOf, isLocal, Link, type Token } from './link.ts';
import { ENVELOPE_MAX, MESSAGE_MAX } from './messages.ts';
import type { Entry, Exit, ExitCode, Level } from './protocol/actions.ts';
import type { Config, Declaration, Machine } from './protocol/machine.ts';
import { Polling } from './protocol/polling.ts';
import { Session } from './protocol/session.ts';
import type { SchemaLike, ValueOf } from './schema/builder.ts';
import { SocketEngine } from './socket_engine.ts';
import { DiskOutbox, MemoryOutbox, type Outbox } from './state/outbox.ts';
import { type InputsOf, type Task, type TaskFunction, type TaskOptions, Tasks } from './task.ts';
import { dumps, sizeOf } from './texts.ts';

/** Keeps nothing on the disk. */
export const MEMORY = 'memory';
const SIGNALS = { SIGTERM: 15, SIGINT: 2 } as const;

/** What is not given here is taken from the environment. */
export interface ServerOptions {
  /** Where cerebro is: `http://host:port`. CORDYNA_URL. */
  url?: string;
  /** Whose tasks they are. CORDYNA_TEAM. */
  team?: string;
  /** Its id within the team, the same after each start. CORDYNA_SERVER. */
  id?: string;
  /** The credential, or what gives it, asked at each connection. CORDYNA_TOKEN. */
  token?: Token;
  /** The folder of what has no receipt yet, or "memory". CORDYNA_STATE; else .cordyna/task-servers/TEAM/ID. */
  state?: string;
  /** How many attempts at a time (4), or that by class. */
  slots?: number | Readonly<Record<string, number>>;
  /** Of tasks that name none. */
  owner?: Owner;
  /** The same, where the owner is the server's team. */
  contacts?: readonly string[];
  /** "websocket", or "http" for those who cannot hold a socket. CORDYNA_BINDING. */
  binding?: 'websocket' | 'http';
  labels?: Readonly<Record<string, string>>;
  /** An authority to trust, in PEM, for https. */
  ca?: string | Buffer;
  /** For what it has to say to people; else lines on standard error. */
  log?: (level: Level, text: string) => void;
}

interface Settings {
  readonly url: string;
  readonly team: string;
  readonly id: string;
  readonly token: Token;
  readonly state: string;
  readonly slots: Readonly<Record<string, number>>;
  readonly binding: 'websocket' | 'http';
}

export class TaskServer {
  readonly tasks: Tasks;
  readonly #options: ServerOptions;
  #engine: Engine<Machine> | undefined;
  #signals = 0;

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.tasks = new Tasks(() => this.#owner());
  }

  /** Makes a task of a function. DeclarationError: there is one of that id. */
  task<R, const I extends SchemaLike = Record<never, never>>(
    options: TaskOptions<I> & { output?: never },
    run: TaskFunction<InputsOf<I>, R>,
  ): Task<InputsOf<I>, R>;
  task<const O extends SchemaLike, const I extends SchemaLike = Record<never, never>>(
    options: TaskOptions<I> & { output: O },
    run: TaskFunction<InputsOf<I>, ValueOf<O>>,
  ): Task<InputsOf<I>, ValueOf<O>>;
  task(options: TaskOptions, run: TaskFunction<never, unknown>): unknown {
    return this.tasks.add(options, run);
  }

  /** What it declares, as JSON; contacts nobody. DeclarationError: what is wrong with it. */
  declarations(): DeclarationJson[] {
    return this.tasks.declarations(this.#team());
  }

  /**
   * Serves until it has drained: SIGTERM and SIGINT ask for it, and a second one ends it at once. Sets the exit code of
   * the process, and gives it: 0 it was drained; 3 a server of the same id has connected elsewhere; 4 cerebro refuses
   * the token, the address or the version. CordynaError: what is wrong with its settings or tasks.
   */
  async run(): Promise<ExitCode> {
    const listeners = Object.entries(SIGNALS).map(([name, number]) => {
      const listener = (): void => this.#signalled(name, number);
      process.on(name, listener);
      return [name, listener] as const;
    });
    try {
      const { code, reason } = await this.serve();
      this.#tell(code === 0 ? 'info' : 'error', reason);
      process.exitCode = code;
      return code;
    } finally {
      for (const [name, listener] of listeners) process.off(name, listener);
    }
  }

  /** The same without signals, and without an exit code of the process. */
  async serve(): Promise<Exit> {
    if (this.#engine !== undefined) throw new CordynaError('the server is running: make another TaskServer');
    const settings = this.#settings();
    const tasks = this.tasks.declarations(settings.team);
    this.#check(settings, tasks);
    const outbox = await this.#outbox(settings.state);
    try {
      const declaration = await this.#declaration(tasks, outbox);
      const engine = this.#made(settings, outbox);
      engine.declare(declaration);
      this.#engine = engine;
      if (this.#signals > 0) engine.drain('it was asked to before it began');
      return await engine.run();
    } finally {
      this.#engine = undefined;
      await outbox.close();
    }
  }

  /** Takes nothing new, ends what it has, and goes. `deadlineS`: what runs then is told to end. */
  drain(reason = 'asked for', deadlineS?: number): void {
    this.#engine?.drain(reason, deadlineS);
  }

  /** Goes at once: what runs is lost. */
  abort(reason = 'asked for'): void {
    this.#engine?.abort(reason);
  }

  #made(settings: Settings, outbox: Outbox): Engine<Machine> {
    const config: Config = {
      team: settings.team,
      server: settings.id,
      boot: randomBytes(12).toString('hex'),
      slots: settings.slots,
      labels: this.#options.labels ?? {},
      place: { host: hostname().slice(0, 255) || 'localhost', pid: process.pid },
      clockOffset: Date.now() / 1000 - clock(),
    };
    const { left } = outbox;
    if (left.messages.length > 0) {
      this.#tell('info', `messages of an earlier process that have no receipt yet: ${left.messages.length}`);
    }
    const link = new Link(settings.url, settings.token, this.#options.ca);
    const tell = this.#tell.bind(this);
    if (settings.binding === 'http') {
      return new HttpEngine(new Polling(config, Math.random, left, clock()), link, outbox, tell, Math.random);
    }
    return new SocketEngine(new Session(config, Math.random, left, clock()), link, outbox, tell);
  }

  async #declaration(tasks: readonly DeclarationJson[], outbox: Outbox): Promise<Declaration> {
    const hash = hashOf(tasks);
    const revision = await outbox.revision(hash, Math.floor(Date.now() / 1000));
    const catalog = new Map(this.tasks.all.map((task) => [task.id, task as unknown as Entry]));
    return { catalog, tasks, hash, revision };
  }

  #team(): string {
    return this.#options.team ?? process.env['CORDYNA_TEAM'] ?? '';
  }

  #owner(): Owner | undefined {
    const { owner, contacts } = this.#options;
    if (owner !== undefined) return owner;
    const team = this.#team();
    return team === '' ? undefined : { team, contacts: contacts ?? [] };
  }

  #settings(): Settings {
    const options = this.#options;
    const first = (name: string, given: string | undefined): string => {
      const found = given || process.env[`CORDYNA_${name.toUpperCase()}`];
      if (found) return found;
      const option = name === 'server' ? 'id' : name;
      throw new CordynaError(
        `the ${option} of the server is missing: give ${option}, or set CORDYNA_${name.toUpperCase()}`,
      );
    };
    const team = first('team', options.team);
    const id = first('server', options.id);
    const { slots = 4 } = options;
    const binding = options.binding ?? (process.env['CORDYNA_BINDING'] || 'websocket');
    if (binding !== 'websocket' && binding !== 'http') {
      throw new CordynaError(`the binding '${binding}' must be 'websocket' or 'http'`);
    }
    return {
      url: first('url', options.url),
      team,
      id,
      token: typeof options.token === 'function' ? options.token : first('token', options.token),
      state: options.state || process.env['CORDYNA_STATE'] || join('.cordyna', 'task-servers', team, id),
      slots: typeof slots === 'number' ? { default: slots } : slots,
      binding,
    };
  }

  #check({ url, team, id, slots }: Settings, tasks: readonly DeclarationJson[]): void {
    const base = baseOf(url);
    if (!ID.test(team)) throw new CordynaError(`the team '${team}' is no id: small letters, digits, . _ -`);
    // The folder of its state has this name.
    if (!SERVER_ID.test(id) || /^\.+$/.test(id)) {
      throw new CordynaError(`the server's id '${id}' must be letters, digits, '.', '_' and '-', at most 128`);
    }
    const counts = Object.entries(slots);
    if (counts.length === 0 || !counts.every(([name, n]) => ID.test(name) && Number.isInteger(n) && n >= 0)) {
      throw new CordynaError('slots must be a count, or counts by class: {default: 4}');
    }
    if (tasks.length === 0)
      throw new CordynaError('there are no tasks: declare one with server.task({…}, async (ctx) => …)');
    const size = sizeOf(dumps(tasks)) + ENVELOPE_MAX;
    if (size > MESSAGE_MAX) {
      throw new DeclarationError(
        `the declarations have ${size >> 10} KiB, and a message takes ${MESSAGE_MAX >> 10}: serve these tasks by ` +
          'several servers',
      );
    }
    for (const task of this.tasks.all) {
      if (Object.hasOwn(slots, task.slotClass)) continue;
      const text = `task '${task.id}' wants a slot of class '${task.slotClass}', which this server does not have`;
      this.#tell('warning', text);
    }
    if (base.protocol === 'http:' && !isLocal(base))
      this.#tell('warning', `the token goes to ${base.host} without TLS`);
  }

  async #outbox(state: string): Promise<Outbox> {
    if (state === MEMORY) return new MemoryOutbox();
    return DiskOutbox.open(state, (text) => this.#tell('warning', text));
  }

  #signalled(name: string, number: number): void {
    this.#signals += 1;
    if (this.#signals === 1) return this.drain(name);
    this.#tell('warning', `ended at once: a second ${name}`);
    process.exit(128 + number);
  }

  #tell(level: Level, text: string): void {
    if (this.#options.log !== undefined) return this.#options.log(level, text);
    if (level !== 'debug')
      process.stderr.write(`${new Date().toISOString()} ${level.toUpperCase()} cordyna: ${text}\n`);
  }
}
