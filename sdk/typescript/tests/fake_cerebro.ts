/** The other end of a whole server, on a port that the system chooses: as much of cerebro as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Said {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

export class FakeCerebro {
  readonly said: Said[] = [];
  /** Of requests that opened something. */
  readonly tokens: string[] = [];
  /** Instead of an answer. */
  status = 0;
  /** Over HTTP: whether what has ended is taken. */
  givesReceipts = true;
  /** What is sent to a server over a WebSocket, as it is. */
  socket: WebSocket | undefined;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #commands: object[] = [];
  #asking: (() => void) | undefined;
  #waiting: (() => void)[] = [];
  #count = 0;

  private constructor() {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.on('upgrade', (request, socket, head) => {
      this.tokens.push(request.headers.authorization ?? '');
      if (this.status !== 0) return void socket.end(`HTTP/1.1 ${this.status} No\r\n\r\n`);
      this.#sockets.handleUpgrade(request, socket, head, (made) => {
        this.socket = made;
        made.on('message', (text: Buffer) => {
          const read = JSON.parse(text.toString()) as Said | Said[];
          for (const one of [read].flat()) this.#hear(one);
        });
      });
    });
  }

  static async start(): Promise<FakeCerebro> {
    const made = new FakeCerebro();
    made.#http.listen(0, '127.0.0.1');
    await once(made.#http, 'listening');
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const one of this.#sockets.clients) one.terminate();
    this.#asking?.();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  /** Over the binding that the server has chosen. */
  send(type: string, data: object): void {
    const message = { id: `c${(this.#count += 1)}`, type: `cordyna.${type}.v1`, source: 'urn:cordyna:cerebro', data };
    if (this.socket !== undefined) return this.socket.send(JSON.stringify(message));
    this.#commands.push(message);
    this.#asking?.();
  }

  invoke(attempt: string, inputs: object = {}): void {
    const [run, task] = attempt.split('/');
    const rest = { idempotency_key: 'k', upstream: [], trigger: { kind: 'manual' }, deadlines: {}, revision: 0 };
    this.send('task.invoke', { attempt, run, task, fence: { epoch: 1, token: 't' }, inputs, ...rest });
  }

  /** The first message of that type, once it is there. */
  async heard(type: string, attempt?: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.said.find((one) => one.type === type && [undefined, one.data['attempt']].includes(attempt));
      if (found !== undefined) return found.data;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #hear({ id, type, data }: Said): void {
    const short = type.slice('cordyna.'.length, -'.v1'.length);
    this.said.push({ id, type: short, data });
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.socket === undefined) return;
    const bounds = { heartbeat_s: 10, lease_s: 30, message_max: 1 << 18, want_declaration: true };
    if (short === 'server.hello') this.send('server.welcome', { protocol: 1, session: id, epoch: 1, ...bounds });
    if (short === 'server.declare') this.send('server.declared', { revision: 1, accepted: [], rejected: [] });
    if (short === 'server.resume') this.send('server.resumed', { attempts: [] });
    if (short.startsWith('task.') && this.givesReceipts) this.send('message.receipt', { ids: [id] });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.tokens.push(request.headers.authorization ?? '');
    if (this.status !== 0) return void response.writeHead(this.status).end();
    if (request.method === 'POST') {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      // A request that is not answered well was not heard.
      if (!this.givesReceipts && text.includes('task.completed')) return void response.writeHead(503).end();
      for (const one of JSON.parse(text) as Said[]) this.#hear(one);
      return void response.end('[]');
    }
    if (this.#commands.length === 0) await new Promise<void>((resolve) => (this.#asking = resolve));
    this.#asking = undefined;
    response.end(JSON.stringify(this.#commands.splice(0)));
  }
}
