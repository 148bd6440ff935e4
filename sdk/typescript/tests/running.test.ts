import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Context, s, TaskError, TaskServer } from '../src/index.ts';
import { runTask } from '../src/testing.ts';

const server = new TaskServer({ team: 'sales', contacts: ['sales@example.com'] });
let count = 0;

function taskOf<R>(run: (ctx: Context) => R | Promise<R>) {
  return server.task({ id: `t${(count += 1)}`, description: 'Of a test.' }, run);
}

test('a task gets its inputs with defaults, and its result goes through JSON', async () => {
  const inputs = { shop: s.string(), rows: s.integer().default(2) };
  const load = server.task({ id: 'load', description: 'Loads.', inputs }, (_ctx, given) => ({
    ...given,
    at: new Date(0),
    none: undefined,
  }));
  const { state, output } = await runTask(load, { shop: 'ulm' });
  assert.deepEqual([state, output], ['completed', { shop: 'ulm', rows: 2, at: '1970-01-01T00:00:00.000Z' }]);
  const wrong = await runTask(load, { rows: 'x', more: 1 });
  assert.equal(wrong.state, 'rejected');
  assert.equal(
    wrong.message,
    '#/inputs/rows: must be an integer, and is a text; #/inputs/more: is not known; known: shop, rows; ' +
      '#/inputs/shop: is missing; it must be a text',
  );
});

test('a result that is not what was declared is an error that is the same the next time', async () => {
  const wrong = server.task({ id: 'wrong', description: 'Wrong.', output: s.integer() }, () => 'x' as never);
  const { state, error } = await runTask(wrong);
  assert.deepEqual([state, error?.code, error?.phase, error?.retryable], ['error', 'BAD_OUTPUT', 'result', false]);
  assert.match(error?.message ?? '', /#\/output: must be an integer, and is a text/);
  const none = await runTask(taskOf(() => ({ rows: NaN })));
  assert.match(none.message, /#\/output\/rows: NaN has no JSON/);
});

test('what is thrown is the error, whether the function is async or not', async () => {
  const sync = taskOf(() => {
    throw new TaskError('NO_ROWS', 'none');
  });
  const late = taskOf(async (ctx) => {
    await ctx.sleep(0);
    throw new RangeError('too far');
  });
  const found = [await runTask(sync), await runTask(late)].map(({ error }) => [error?.code, error?.message]);
  assert.deepEqual(found, [
    ['NO_ROWS', 'none'],
    ['RANGE_ERROR', 'too far'],
  ]);
});

test('the context knows its attempt, what was needed, and why it runs', async () => {
  const load = taskOf(() => ({ rows: 1 }));
  const sum = taskOf((ctx) => ({
    rows: ctx.upstream(load).output.rows,
    other: ctx.upstream('clicks').output,
    number: ctx.number,
    kind: ctx.trigger.kind,
    at: ctx.trigger.scheduledFor,
  }));
  const upstream = { [load.id]: { rows: 6 }, 'web/clicks': 'all' };
  const trigger = { kind: 'cron', scheduled_for: '2026-01-02T03:04:05Z' };
  const { output } = await runTask(sum, {}, { upstream, trigger, attempt: 3 });
  const at = '2026-01-02T03:04:05.000Z';
  assert.deepEqual(output as unknown, { rows: 6, other: 'all', number: 3, kind: 'cron', at });
  const missing = await runTask(taskOf((ctx) => ctx.upstream('nobody').output));
  assert.match(missing.message, /there is no upstream task 'nobody'; the attempt has: nothing/);
});

test('lines and progress are told, within their bounds', async () => {
  const { logs, progress, state } = await runTask(
    taskOf((ctx) => {
      ctx.log('one\ntwo\r\n');
      ctx.log('\ud800', 'warning');
      ctx.progress(7, 'x'.repeat(5000), { counters: { rows: 3 }, checkpoint: 'here' });
      assert.throws(() => ctx.log('x', 'loud' as never), /the level is 'loud'; it must be one of debug, info/);
      assert.throws(() => ctx.progress(NaN), /'fraction' is NaN/);
      assert.throws(() => ctx.progress(1, 'x', { checkpoint: 'x'.repeat(5000) }), /more than 4096 bytes/);
      assert.throws(() => ctx.metric('rows', Infinity), /'rows' is Infinity/);
    }),
  );
  assert.equal(state, 'completed');
  assert.deepEqual(logs, [
    ['info', 'one'],
    ['info', 'two'],
    ['warning', '\ufffd'],
  ]);
  const [{ message, ...rest } = {}] = progress;
  assert.deepEqual(rest, { fraction: 1, counters: { rows: 3 }, checkpoint: 'here' });
  assert.equal(Buffer.byteLength(String(message)), 4096);
});

const CANCELLED: readonly (readonly [name: string, run: (ctx: Context) => unknown, state: string])[] = [
  ['sleeps', (ctx) => ctx.sleep('1h'), 'cancelled'],
  ['throws when it is told', (ctx) => ctx.throwIfCancelled(), 'cancelled'],
  ['hands its signal on', (ctx) => Promise.reject(ctx.signal.reason), 'cancelled'],
  ['looks, and returns', (ctx) => ctx.isCancelled, 'cancelled'],
  ['fails on its way out', () => Promise.reject(new Error('x')), 'cancelled'],
  ['never looks', () => 'all of it', 'completed'],
];
for (const [name, run, state] of CANCELLED) {
  test(`one that is told to end and ${name} is ${state}`, async () => {
    assert.equal((await runTask(taskOf(run), {}, { cancelled: true })).state, state);
  });
}

test('one that looks and is not told to end completes', async () => {
  const { state, output } = await runTask(taskOf((ctx) => [ctx.isCancelled, ctx.signal.aborted]));
  assert.deepEqual([state, output], ['completed', [false, false]]);
});
