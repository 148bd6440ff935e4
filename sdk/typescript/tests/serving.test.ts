import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Context, s, type ServerOptions, TaskServer } from '../src/index.ts';
import { FakeCerebro } from './fake_cerebro.ts';
import { folderOf } from './temporary.ts';

const SECRET = 'dyna_secret';

class Bench {
  readonly cerebro: FakeCerebro;
  readonly server: TaskServer;
  readonly state: string;
  readonly lines: string[] = [];

  constructor(cerebro: FakeCerebro, state: string, options: ServerOptions) {
    this.cerebro = cerebro;
    this.state = state;
    const log = (level: string, text: string): void => void this.lines.push(`${level} ${text}`);
    const rest = { team: 'sales', id: 'ts', token: SECRET, contacts: ['a@example.com'], state, log };
    this.server = new TaskServer({ url: cerebro.url, ...rest, ...options });
    const square = { id: 'square', description: 'Squares.', inputs: { number: s.number() } };
    this.server.task(square, (_ctx, { number }) => number * number);
    this.server.task({ id: 'wait', description: 'Waits.' }, (ctx: Context) => ctx.sleep('1h'));
  }

  static async make(t: TestContext, options: ServerOptions = {}): Promise<Bench> {
    const cerebro = await FakeCerebro.start();
    const made = new Bench(cerebro, join(await folderOf(t), 'state'), options);
    t.after(() => cerebro.stop());
    t.after(() => made.server.abort());
    return made;
  }
}

for (const binding of ['websocket', 'http'] as const) {
  test(`an attempt is accepted on the disk, runs, and has its end there until the receipt, over ${binding}`, async (t) => {
    const { cerebro, server, state } = await Bench.make(t, { binding });
    const ended = server.serve();
    await cerebro.heard('server.ready');
    cerebro.invoke('r/square/1', { number: 7 });
    assert.equal((await cerebro.heard('task.completed'))['output'], 49);
    const types = cerebro.said.map(({ type }) => type).filter((type) => type.startsWith('task.'));
    assert.deepEqual(types, ['task.queued', 'task.started', 'task.completed']);
    assert.match(await readFile(join(state, 'outbox.journal'), 'utf8'), /task\.completed/);
    server.drain();
    assert.deepEqual(await ended, { kind: 'exit', code: 0, reason: 'drained' });
    assert.deepEqual([...new Set(cerebro.tokens)], [`Bearer ${SECRET}`]);
  });

  test(`a cancel ends what waits, over ${binding}`, async (t) => {
    const { cerebro, server } = await Bench.make(t, { binding });
    const ended = server.serve();
    await cerebro.heard('server.ready');
    cerebro.invoke('r/wait/1');
    await cerebro.heard('task.started');
    cerebro.send('task.cancel', { attempt: 'r/wait/1', fence: {}, reason: 'user', grace_s: 5 });
    const { was_running, cleaned } = await cerebro.heard('task.cancelled');
    assert.deepEqual([was_running, cleaned], [true, true]);
    server.drain();
    assert.equal((await ended).code, 0);
  });

  test(`a token that is not known ends the server, and is not shown, over ${binding}`, async (t) => {
    const { cerebro, server, lines } = await Bench.make(t, { binding });
    cerebro.status = 401;
    const { code, reason } = await server.serve();
    assert.equal(code, 4);
    assert.match(reason, /answers 401: the token is not known: look at CORDYNA_TOKEN/);
    assert.doesNotMatch(`${lines.join()}${reason}`, /dyna_secret/);
  });

  test(`a result without a receipt is told by the next process, over ${binding}`, async (t) => {
    const bench = await Bench.make(t, { binding });
    const { cerebro, server, state } = bench;
    cerebro.givesReceipts = false;
    const first = server.serve();
    await cerebro.heard('server.ready');
    cerebro.invoke('r/square/1', { number: 3 });
    while (!(await readFile(join(state, 'outbox.journal'), 'utf8')).includes('task.completed'));
    server.abort();
    await first;
    cerebro.said.length = 0;
    cerebro.givesReceipts = true;
    cerebro.socket = undefined;
    const next = new Bench(cerebro, state, { binding }).server;
    const second = next.serve();
    assert.equal((await cerebro.heard('task.completed'))['output'], 9);
    next.drain();
    assert.equal((await second).code, 0);
  });
}

test('the newest server of an id wins', async (t) => {
  const { cerebro, server } = await Bench.make(t);
  const ended = server.serve();
  await cerebro.heard('server.ready');
  cerebro.invoke('r/wait/1');
  await cerebro.heard('task.started');
  cerebro.send('server.goodbye', { code: 'superseded' });
  const { code, reason } = await ended;
  assert.equal(code, 3);
  assert.match(reason, /server 'ts' has connected elsewhere/);
});

test('an invoke of three MiB is taken, and an output that is too large is an error', async (t) => {
  const { cerebro, server } = await Bench.make(t);
  const inputs = { text: s.string() };
  server.task({ id: 'size', description: 'Sizes.', inputs }, (_ctx, { text }) => text.length);
  server.task({ id: 'echo', description: 'Echoes.', inputs }, (_ctx, { text }) => text);
  const ended = server.serve();
  await cerebro.heard('server.ready');
  const text = 'x'.repeat(3 << 20);
  cerebro.invoke('r/size/1', { text });
  cerebro.invoke('r/echo/1', { text });
  assert.equal((await cerebro.heard('task.completed'))['output'], 3 << 20);
  const { error } = await cerebro.heard('task.error', 'r/echo/1');
  assert.equal((error as { code: string }).code, 'OUTPUT_TOO_LARGE');
  server.drain();
  await ended;
});

test('a token is asked for at each connection', async (t) => {
  let count = 0;
  const { cerebro, server } = await Bench.make(t, { token: () => Promise.resolve(`token${(count += 1)}\n`) });
  const ended = server.serve();
  await cerebro.heard('server.ready');
  cerebro.said.length = 0;
  cerebro.socket?.terminate();
  await cerebro.heard('server.ready');
  assert.deepEqual(cerebro.tokens, ['Bearer token1', 'Bearer token2']);
  server.drain();
  await ended;
});

test('settings come from the environment where the code does not say them', async (t) => {
  const { cerebro, state } = await Bench.make(t);
  const names = { URL: cerebro.url, TEAM: 'sales', SERVER: 'by-env', TOKEN: SECRET, STATE: join(state, 'env') };
  for (const [name, value] of Object.entries(names)) process.env[`CORDYNA_${name}`] = value;
  t.after(() => Object.keys(names).forEach((name) => delete process.env[`CORDYNA_${name}`]));
  const server = new TaskServer({ contacts: ['a@example.com'], log: () => undefined });
  server.task({ id: 'a', description: 'A.' }, () => 1);
  const ended = server.serve();
  assert.equal((await cerebro.heard('server.hello'))['server'], 'by-env');
  server.drain();
  await ended;
  assert.ok(existsSync(join(state, 'env', 'outbox.journal')));
});

const WRONG: readonly (readonly [options: ServerOptions, words: RegExp])[] = [
  [{ url: 'nowhere' }, /the url 'nowhere' is no address of cerebro: write it like http:\/\/host:8080/],
  [{ url: 'ftp://me:hunter2@host' }, /the url 'ftp:\/\/…@host' is no address/],
  [{ url: '' }, /the url of the server is missing: give url, or set CORDYNA_URL/],
  [{ id: '' }, /the id of the server is missing: give id, or set CORDYNA_SERVER/],
  [{ token: '' }, /the token of the server is missing/],
  [{ id: 'a/b' }, /the server's id 'a\/b' must be letters/],
  [{ id: '..' }, /the server's id '\.\.' must be letters/],
  [{ slots: { default: -1 } }, /slots must be a count/],
  [{ binding: 'pigeon' as never }, /the binding 'pigeon' must be 'websocket' or 'http'/],
  [{ slots: {} }, /slots must be a count/],
];
for (const [options, words] of WRONG) {
  test(`a server with ${JSON.stringify(options)} says what would be right`, async (t) => {
    const { server } = await Bench.make(t, options);
    await assert.rejects(server.serve(), words);
  });
}

test('two servers do not share a state folder, and one serves once at a time', async (t) => {
  const { cerebro, server, state } = await Bench.make(t);
  const ended = server.serve();
  await cerebro.heard('server.ready');
  await assert.rejects(server.serve(), /the server is running/);
  await assert.rejects(new Bench(cerebro, state, {}).server.serve(), /is in use by process/);
  server.drain();
  await ended;
});
