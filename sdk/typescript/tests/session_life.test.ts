import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from '../src/messages.ts';
import type { Action, Entry } from '../src/protocol/actions.ts';
import type { Left } from '../src/protocol/attempts.ts';
import { Polling } from '../src/protocol/polling.ts';
import { Session } from '../src/protocol/session.ts';
import { Flaw, type Received, readFrame } from '../src/received.ts';

const CONFIG = { team: 'orders', server: 'ts', boot: 'b2', slots: { default: 2 } };
const LOAD: Entry = { slotClass: 'default', cancellable: true, bind: (inputs) => inputs };
const DECLARATION = { catalog: new Map([['load', LOAD]]), tasks: [{ id: 'load' }], hash: 'h', revision: 1 };
const LEFT: Left = {
  messages: [new Message('b1.4', 'task.completed', 'r/load/1', '{"attempt":"r/load/1","output":1}', 0, true, '')],
  lost: ['{"attempt":"r/load/2","fence":{"epoch":1}}'],
  past: ['r/load/1', 'r/load/2'],
};

function read(type: string, data: object): Received {
  const [one] = readFrame(JSON.stringify({ id: 'c', type: `cordyna.${type}.v1`, data }));
  assert.ok(one !== undefined && !(one instanceof Flaw));
  return one;
}

const WELCOME = {
  protocol: 1,
  session: 's',
  heartbeat_s: 5,
  lease_s: 15,
  message_max: 1 << 18,
  want_declaration: false,
};
const INVOKE = {
  ...{ attempt: 'r/load/3', task: 'load', fence: {}, run: 'r', idempotency_key: 'k', upstream: [], trigger: {} },
  ...{ deadlines: {}, inputs: {}, revision: 0 },
};

function made(left?: Left): Session {
  const session = new Session(CONFIG, () => 0, left, 0);
  session.declare(0, DECLARATION);
  session.start();
  return session;
}

function sent(machine: Session | Polling, now: number): [string, Record<string, unknown>][] {
  const { texts } = machine.take(now);
  return texts.map((text) => {
    const { type, data } = JSON.parse(text) as { type: string; data: Record<string, unknown> };
    return [type.slice(8, -3), data];
  });
}

function ready(session: Session, now = 0): Session {
  session.opened(now);
  session.take(now);
  session.received(now, read('server.welcome', WELCOME));
  session.received(now, read('server.resumed', { attempts: [] }));
  return session;
}

function told(session: Session | Polling, kind: Action['kind']): Action | undefined {
  return session.takeActions(1000).find((action) => action.kind === kind);
}

test('what an earlier process has left is listed and sent, and what it was killed with is not', () => {
  const session = made(LEFT);
  session.opened(0);
  session.take(0);
  session.received(0, read('server.welcome', WELCOME));
  const [[, resume] = []] = sent(session, 0);
  const terminal = { attempt: 'r/load/1', output: 1 };
  assert.deepEqual(resume?.['attempts'], [{ attempt: 'r/load/1', state: 'completed', terminal }]);
  session.received(0, read('server.resumed', { attempts: [{ attempt: 'r/load/1', fate: 'continue' }] }));
  assert.deepEqual(sent(session, 0).map(([type]) => type), ['task.completed', 'server.ready']); // prettier-ignore
});

test('an attempt that an earlier process was killed with is not run again', () => {
  const session = ready(made(LEFT));
  session.take(0);
  session.received(0, read('task.invoke', { ...INVOKE, attempt: 'r/load/2' }));
  const [[type, data] = []] = sent(session, 0);
  const error = data?.['error'] as { code: string; kind: string };
  assert.deepEqual([type, error.code, error.kind, session.take(0).starts], ['task.error', 'LOST', 'lost', []]);
});

test('fates are minded: what is known is forgotten, and what is to end is ended', () => {
  const session = ready(made());
  for (const number of [3, 4]) session.received(0, read('task.invoke', { ...INVOKE, attempt: `r/load/${number}` }));
  session.take(0);
  session.attempts.completed(0, 'r/load/3', '1', {});
  session.closed(1, 'cut');
  session.opened(2);
  session.take(2);
  session.received(2, read('server.welcome', WELCOME));
  session.take(2);
  const attempts = [
    { attempt: 'r/load/3', fate: 'already_terminal' },
    { attempt: 'r/load/4', fate: 'abort' },
  ];
  session.received(2, read('server.resumed', { attempts }));
  assert.equal((told(session, 'stop') as { attempt: string }).attempt, 'r/load/4');
  const types = sent(session, 2).map(([type, data]) => `${type} ${String(data['attempt'] ?? '')}`);
  assert.deepEqual(types, ['task.queued r/load/4', 'server.ready ']);
});

test('a connection that is lost is made again, later each time', () => {
  const session = made();
  const delays = [];
  for (let count = 0; count < 9; count += 1) {
    session.closed(0, 'no');
    delays.push(session.due());
  }
  assert.deepEqual(delays, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15]);
});

test('who hears nothing for the lease hangs up', () => {
  const session = ready(made());
  session.takeActions(0);
  for (const now of [5, 10, 14.9]) session.tick(now);
  assert.equal(told(session, 'disconnect'), undefined);
  session.tick(15.1);
  assert.match((told(session, 'disconnect') as { reason: string }).reason, /nothing heard for 15 s/);
});

test('no answer to hello within ten seconds is none', () => {
  const session = made();
  session.opened(0);
  session.tick(10.1);
  assert.match((told(session, 'disconnect') as { reason: string }).reason, /no answer to hello within 10 s/);
});

const GOODBYES: readonly (readonly [data: object, code: number | undefined, connectAt: number])[] = [
  [{ code: 'superseded' }, 3, Infinity],
  [{ code: 'version' }, 4, Infinity],
  [{ code: 'shutdown' }, undefined, 0.2],
  [{ code: 'lease', reconnect_after_s: 7 }, undefined, 7],
];
for (const [data, code, connectAt] of GOODBYES) {
  test(`goodbye ${JSON.stringify(data)} ${code === undefined ? 'is not for ever' : `ends it with ${code}`}`, () => {
    const session = ready(made());
    session.received(0, read('server.goodbye', data));
    const exit = told(session, 'exit') as { code: number } | undefined;
    assert.deepEqual([exit?.code, session.due()], [code, connectAt]);
  });
}

test('a refusal is for ever, until cerebro has taken it once', () => {
  const fresh = made();
  fresh.refused(0, 'the token is not known');
  assert.deepEqual(told(fresh, 'exit'), { kind: 'exit', code: 4, reason: 'the token is not known' });
  const known = ready(made());
  known.closed(0, 'cut');
  known.refused(0, 'the token is not known');
  assert.equal(told(known, 'exit'), undefined);
});

test('a drain waits for what runs and for its receipt, says goodbye, and goes', () => {
  const session = ready(made());
  session.received(0, read('task.invoke', INVOKE));
  session.take(0);
  session.drain(0, 'SIGTERM', 60);
  assert.deepEqual(sent(session, 0), [['server.draining', { reason: 'SIGTERM', deadline_s: 60 }]]);
  session.attempts.completed(1, 'r/load/3', undefined, {});
  session.attemptEnded(1);
  session.takeActions(1);
  const end = session.take(1);
  assert.deepEqual([end.texts.length, end.close], [1, false]);
  session.received(1, read('message.receipt', { ids: end.sent.map((one) => one.id) }));
  session.takeActions(1);
  const last = session.take(1);
  assert.deepEqual([last.sent.map((one) => one.type), last.close], [['server.goodbye'], true]);
  session.closed(1, 'drained');
  assert.deepEqual(told(session, 'exit'), { kind: 'exit', code: 0, reason: 'drained' });
});

test('a drain whose deadline has passed ends what runs, and receipts are not waited for without end', () => {
  const session = ready(made());
  session.received(0, read('task.invoke', INVOKE));
  session.take(0);
  session.drain(0, 'SIGTERM', 3);
  session.tick(3);
  assert.equal((told(session, 'stop') as { reason: string }).reason, 'drain');
  session.attempts.cancelled(4, 'r/load/3', true);
  session.attemptEnded(4);
  session.received(30, read('server.lease', { lease_s: 60 }));
  session.tick(34.1);
  assert.match((told(session, 'exit') as { reason: string }).reason, /messages have no receipt/);
});

test('over HTTP the first word is ready with the tasks, and an earlier process’s losses are told', () => {
  const polling = new Polling(CONFIG, () => 0, LEFT, 0);
  polling.declare(0, DECLARATION);
  polling.start(0);
  const batch = polling.take(0);
  const said = batch.texts.map((text) => JSON.parse(text) as { type: string; session?: string; data: object });
  assert.deepEqual(said.map(({ type }) => type.slice(8, -3)), ['server.ready', 'task.completed', 'task.error']); // prettier-ignore
  assert.deepEqual(said[0]?.data, { slots: { default: 2 }, tasks: [{ id: 'load' }] });
  const { error, ...lost } = said[2]?.data as { error: { code: string } };
  assert.deepEqual([lost, error.code], [{ attempt: 'r/load/2', fence: { epoch: 1 } }, 'LOST']);
  polling.posted(0, batch, []);
  assert.deepEqual(polling.take(0).forget, ['b1.4', 'b2.1']);
});

test('over HTTP a problem is no receipt for the message that it names', () => {
  const polling = new Polling(CONFIG, () => 0, undefined, 0);
  polling.declare(0, DECLARATION);
  polling.start(0);
  polling.fetched(0, [read('task.invoke', INVOKE)]);
  polling.posted(0, polling.take(0), []);
  polling.attempts.completed(0, 'r/load/3', '1', {});
  const batch = polling.take(0);
  const problem = read('message.problem', { of: batch.sent[0]?.id, code: 'invalid', message: 'no', fatal: false });
  polling.posted(0, batch, [problem]);
  const [[type, data] = []] = sent(polling, 0);
  assert.deepEqual([type, (data?.['error'] as { code: string }).code], ['task.error', 'RESULT_REFUSED']);
});

test('what ends while something is on its way is saved meanwhile, and sent afterwards', () => {
  const polling = new Polling(CONFIG, () => 0, undefined, 0);
  polling.declare(0, DECLARATION);
  polling.start(0);
  const first = polling.take(0);
  polling.isSending = true;
  assert.equal(polling.hasWork, false);
  polling.fetched(0, [read('task.invoke', INVOKE)]);
  const accepted = polling.take(0);
  polling.attempts.completed(0, 'r/load/3', '1', {});
  const ended = polling.take(0);
  assert.deepEqual([accepted, ended].map((one) => [one.save[0]?.type, one.starts.length, one.texts.length]), [
    ['task.queued', 1, 0],
    ['task.completed', 0, 0],
  ]); // prettier-ignore
  polling.isSending = false;
  polling.posted(0, first, []);
  assert.deepEqual(sent(polling, 0).map(([type]) => type), ['task.queued', 'task.completed']); // prettier-ignore
});

test('over HTTP cerebro is told again who this is, when it was away', () => {
  const polling = new Polling(CONFIG, () => 0, undefined, 0);
  polling.declare(0, DECLARATION);
  polling.start(0);
  polling.posted(0, polling.take(0), []);
  polling.fetched(1, []);
  assert.deepEqual(sent(polling, 1), [['server.ready', { slots: { default: 2 } }]]);
  polling.unreachable('no', 1);
  polling.fetched(2, []);
  assert.deepEqual(sent(polling, 2), [['server.ready', { slots: { default: 2 }, tasks: [{ id: 'load' }] }]]);
});
