/** Where cerebro is, and how it is spoken to: a WebSocket, or requests. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { WebSocket } from 'ws';
import { CordynaError } from './errors.ts';
import { INCOMING_MAX, SOCKET_PATH, SUBPROTOCOL } from './messages.ts';
import { VERSION } from './version.ts';

const OPEN_MS = 10_000;
const CLOSE_MS = 2000;
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'it is no WebSocket of cerebro',
  401: 'the token is not known: look at CORDYNA_TOKEN',
  403: 'the token is of another team, or may not do this',
  404: 'there is no such address: look at CORDYNA_URL, and whether that cerebro takes task servers',
};

export type Token = string | (() => string | Promise<string>);

/** Cerebro answers, and says no. */
export class Refused extends Error {
  override name = 'Refused';
}

/** There is no connection now, but there may be later. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

/** `http://host:port`, perhaps with a path. CordynaError: it is no such URL. */
export function baseOf(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(https?|wss?):$/.test(parsed.protocol) || parsed.hostname === '') {
    const shown = url.replace(/\/\/[^/@]*@/, '//…@'); // it may hold a password
    throw new CordynaError(`the url '${shown}' is no address of cerebro: write it like http://host:8080 (CORDYNA_URL)`);
  }
  parsed.protocol = parsed.protocol.replace('ws', 'http');
  const path = parsed.pathname.replace(/\/+$/, '').replace(new RegExp(`${SOCKET_PATH}$`), '');
  return new URL(`${parsed.protocol}//${parsed.host}${path}`);
}

export function isLocal(base: URL): boolean {
  return base.hostname === 'localhost' || base.hostname === '[::1]' || base.hostname.startsWith('127.');
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Handlers {
  received(text: string): void;
  lost(reason: string): void;
}

/** One connection. After `lost` was told nothing more comes of it. */
export class Socket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  listen({ received, lost }: Handlers): void {
    const said = { isLost: false };
    const once = (reason: string): void => {
      if (said.isLost) return;
      said.isLost = true;
      lost(reason);
    };
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!said.isLost && !isBinary) received(data.toString('utf8'));
    });
    this.#socket.on('error', (error) => once(error.message));
    this.#socket.on('close', (code, reason) =>
      once(`it was closed (${code}${reason.length > 0 ? `: ${reason}` : ''})`),
    );
  }

  /** Unreachable: it is lost. */
  async send(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(text, (error) => (error ? reject(new Unreachable(error.message)) : resolve()));
    });
  }

  /** At once, whatever is under way. */
  drop(): void {
    this.#socket.terminate();
  }

  /** Once all that was sent has gone. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.close(1000);
      if (this.#socket.readyState === WebSocket.CLOSED) {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}

export class Link {
  readonly #base: URL;
  readonly #token: Token;
  readonly #ca: string | Buffer | undefined;

  /** `token` is asked for at each connection: it may have been changed. `ca`: an authority to trust beside others. */
  constructor(url: string, token: Token, ca?: string | Buffer) {
    this.#base = baseOf(url);
    this.#token = token;
    this.#ca = ca;
  }

  async #headers(): Promise<Record<string, string>> {
    // A file that it was read from ends with a newline.
    const token = (typeof this.#token === 'function' ? await this.#token() : this.#token).trim();
    // Nothing of it is in the message: a token with a newline would be shown by that of Node.js.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Unreachable('the token is empty, or has characters that none has');
    return { authorization: `Bearer ${token}`, 'user-agent': `cordyna-typescript/${VERSION}` };
  }

  #tls(): { ca?: string | Buffer } {
    return this.#ca === undefined ? {} : { ca: this.#ca };
  }

  /** Refused, Unreachable: why there is none. */
  async open(): Promise<Socket> {
    const url = `${this.#base.href.replace(/^http/, 'ws').replace(/\/$/, '')}${SOCKET_PATH}`;
    const headers = await this.#headers();
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, [SUBPROTOCOL], {
        headers,
        perMessageDeflate: false,
        handshakeTimeout: OPEN_MS,
        maxPayload: INCOMING_MAX,
        ...this.#tls(),
      });
      socket.once('open', () => resolve(new Socket(socket)));
      socket.once('unexpected-response', (request, response) => {
        request.destroy();
        reject(refusal(url, response.statusCode ?? 0));
      });
      socket.on('error', (error) => reject(new Unreachable(`${url}: ${textOf(error)}`)));
    });
  }

  /** One request. Refused, Unreachable: there is no answer that could be taken. */
  async call(path: string, body: string | undefined, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const url = `${this.#base.href.replace(/\/$/, '')}${path}`;
    const headers = await this.#headers();
    if (body !== undefined) headers['content-type'] = 'application/cloudevents-batch+json';
    const send = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
    const plain = url.replace(/\?.*$/, '');
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const request = send(url, { method, headers, signal, timeout: timeoutMs, ...this.#tls() }, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size > INCOMING_MAX) request.destroy(new Error(`the answer has more than ${INCOMING_MAX >> 20} MiB`));
          else parts.push(part);
        });
        response.on('error', (error) => reject(new Unreachable(`${plain}: ${textOf(error)}`)));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const text = Buffer.concat(parts).toString('utf8');
          if (status === 200 || status === 202 || status === 422) resolve({ status, text });
          else reject(refusal(plain, status));
        });
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      request.on('error', (error) => reject(new Unreachable(`${plain}: ${textOf(error)}`)));
      request.end(body);
    });
  }
}

function refusal(url: string, status: number): Error {
  const why = REFUSALS[status];
  if (why === undefined) return new Unreachable(`${url} answers ${status}`);
  return new Refused(`${url} answers ${status}: ${why}`);
}

/** An AggregateError of several addresses has no message of its own. */
function textOf(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  return error.message || inner?.message || error.name;
}
