import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadInput } from '../src/errors.ts';
import type { Action, Entry } from '../src/protocol/actions.ts';
import type { Declaration } from '../src/protocol/machine.ts';
import { Session } from '../src/protocol/session.ts';
import { readFrame } from '../src/received.ts';

const CONFIG = { team: 'orders', server: 'ts', boot: 'b1', slots: { default: 2 }, place: { host: 'here' } };
const FENCE = { epoch: 1, token: 'secret' };
const LOAD: Entry = {
  slotClass: 'default',
  cancellable: true,
  bind: (inputs) => {
    if ('wrong' in inputs) throw new BadInput('#/inputs/wrong: is not known');
    return inputs;
  },
};
const declared = (revision: number, version = '1'): Declaration => ({
  catalog: new Map([
    ['load', LOAD],
    ['stays', { ...LOAD, cancellable: false }],
  ]),
  tasks: [{ id: 'load', version }, { id: 'stays' }],
  hash: `h${revision}`,
  revision,
});

type Said = readonly [type: string, data: Record<string, unknown>];

/** A session, and what a test has to say to it. */
class Talk {
  readonly session: Session;
  now = 100;
  actions: Action[] = [];
  #count = 0;

  constructor() {
    this.session = new Session(CONFIG, () => 0, undefined, this.now);
    this.session.declare(this.now, declared(1));
  }

  hear(type: string, data: object, id = `c${(this.#count += 1)}`): this {
    const text = JSON.stringify({ id, type: `cordyna.${type}.v1`, data });
    for (const one of readFrame(text)) this.session.received(this.now, one);
    return this;
  }

  /** What is sent by now: types and data. */
  said(): Said[] {
    this.actions.push(...this.session.takeActions(this.now));
    const found: Said[] = [];
    while (this.session.hasWork) {
      for (const text of this.session.take(this.now).texts) {
        const { type, data } = JSON.parse(text) as { type: string; data: Record<string, unknown> };
        found.push([type.replace(/^cordyna\.(.*)\.v1$/, '$1'), data]);
      }
    }
    return found;
  }

  types(): string[] {
    return this.said().map(([type]) => type);
  }

  pass(seconds: number): this {
    this.now += seconds;
    this.session.tick(this.now);
    return this;
  }

  done(kind: Action['kind']): Action[] {
    this.said();
    return this.actions.filter((action) => action.kind === kind);
  }

  welcome(more: object = {}): this {
    this.session.opened(this.now);
    this.said();
    const bounds = { heartbeat_s: 5, lease_s: 15, message_max: 262_144, want_declaration: false };
    return this.hear('server.welcome', { protocol: 1, session: 's1', epoch: 1, ...bounds, ...more });
  }

  ready(): this {
    this.welcome().hear('server.resumed', { attempts: [] }).said();
    return this;
  }

  invoke(attempt: string, more: object = {}, id?: string): this {
    const rest = { run: 'r', idempotency_key: 'k', upstream: [], trigger: {}, deadlines: {}, inputs: {}, revision: 0 };
    return this.hear('task.invoke', { attempt, task: 'load', fence: FENCE, ...rest, ...more }, id);
  }

  cancel(attempt: string, graceS = 2): this {
    return this.hear('task.cancel', { attempt, fence: FENCE, reason: 'user', grace_s: graceS });
  }
}

test('a session begins with hello, the tasks if they are wanted, what there is, and ready', () => {
  const talk = new Talk();
  talk.session.opened(talk.now);
  const [[type, hello] = [], ...rest] = talk.said();
  assert.deepEqual([type, rest, hello?.['boot'], hello?.['level']], ['server.hello', [], 'b1', 2]);
  talk.hear('server.welcome', {
    ...{ protocol: 1, session: 's', heartbeat_s: 5, lease_s: 15, message_max: 1 << 18, want_declaration: true },
  });
  assert.deepEqual(talk.said(), [['server.declare', { revision: 1, tasks: declared(1).tasks }]]);
  talk.hear('server.declared', { revision: 1, accepted: ['load'], rejected: [{ task: 'stays', message: 'no' }] });
  assert.deepEqual(talk.said(), [['server.resume', { boot: 'b1', attempts: [] }]]);
  talk.hear('server.resumed', { attempts: [] });
  assert.deepEqual(talk.said(), [['server.ready', { slots: { default: 2 } }]]);
});

test('an invoke is queued, and started once that is saved', () => {
  const talk = new Talk().ready();
  talk.invoke('r/load/1');
  const batch = talk.session.take(talk.now);
  assert.deepEqual([batch.save.map((one) => one.type), batch.starts.map((one) => one.invoke.attempt)], [
    ['task.queued'],
    ['r/load/1'],
  ]); // prettier-ignore
  talk.session.attempts.began(talk.now, 'r/load/1');
  talk.session.attempts.completed(talk.now, 'r/load/1', '{"rows":3}', { metrics: { a: 1 } });
  const attempt = { attempt: 'r/load/1', fence: FENCE };
  assert.deepEqual(talk.said(), [
    ['task.started', { ...attempt, where: { host: 'here' } }],
    ['task.completed', { ...attempt, output: { rows: 3 }, metrics: { a: 1 } }],
  ]);
});

const REFUSALS: readonly (readonly [name: string, prepare: (talk: Talk) => unknown, invoke: object, code: string])[] = [
  ['of an unknown task', () => 0, { task: 'dance' }, 'unknown_task'],
  ['with wrong inputs', () => 0, { inputs: { wrong: 1 } }, 'bad_input'],
  ['with inputs elsewhere', () => 0, { inputs_ref: { url: 'x' } }, 'bad_input'],
  ['without a slot', (talk) => talk.invoke('a/b/1').invoke('a/b/2'), {}, 'no_slot'],
  ['of an old revision', (talk) => talk.session.declare(1, declared(5, '2')), { revision: 4 }, 'stale_revision'],
  ['to one that drains', (talk) => talk.session.drain(talk.now, 'asked'), {}, 'draining'],
];
for (const [name, prepare, more, code] of REFUSALS) {
  test(`an invoke ${name} is rejected, and the same one again`, () => {
    const talk = new Talk().ready();
    prepare(talk);
    talk.said();
    talk.invoke('r/load/1', more, 'i1').invoke('r/load/1', more, 'i1');
    const found = talk.said().filter(([, data]) => data['attempt'] === 'r/load/1');
    assert.deepEqual(found.map(([type, data]) => [type, data['code']]), [['task.rejected', code]]); // prettier-ignore
    talk.invoke('r/load/1', more, 'i1');
    assert.deepEqual(talk.types(), ['task.rejected']);
  });
}

test('an attempt that was rejected is new by another invoke', () => {
  const talk = new Talk().ready().invoke('r/load/1', { inputs: { wrong: 1 } });
  assert.deepEqual(talk.types(), ['task.rejected']);
  talk.invoke('r/load/1');
  assert.deepEqual(talk.types(), ['task.queued']);
});

test('a repeated invoke is answered with what the attempt has come to', () => {
  const talk = new Talk().ready().invoke('r/load/1');
  assert.deepEqual(talk.types(), ['task.queued']);
  assert.deepEqual(talk.invoke('r/load/1').types(), ['task.queued']);
  talk.session.attempts.began(talk.now, 'r/load/1');
  talk.said();
  assert.deepEqual(talk.invoke('r/load/1').types(), ['task.started']);
  talk.session.attempts.completed(talk.now, 'r/load/1', undefined, {});
  const batch = talk.session.take(talk.now);
  talk.hear('message.receipt', { ids: batch.sent.map((one) => one.id) });
  assert.deepEqual(talk.invoke('r/load/1').types(), ['task.completed']);
});

test('what has no receipt is sent again after five seconds, and what has one, not', () => {
  const talk = new Talk().ready().invoke('r/load/1');
  const [queued] = talk.session.take(talk.now).sent;
  assert.deepEqual([talk.pass(4.9).types(), talk.pass(0.2).types()], [[], ['server.heartbeat', 'task.queued']]);
  talk.hear('message.receipt', { ids: [queued?.id, 'of nobody'] });
  assert.deepEqual(talk.pass(4).types(), []);
});

test('a cancel ends what runs, is repeated by a lease, and its grace runs out', () => {
  const talk = new Talk().ready().invoke('r/load/1');
  talk.said();
  talk.cancel('r/load/1', 2).hear('server.lease', { lease_s: 15, cancels: ['r/load/1'] });
  assert.equal(talk.done('stop').length, 1);
  assert.equal(talk.done('overdue').length, 0);
  talk.pass(2.1);
  assert.equal(talk.done('overdue').length, 1);
  talk.session.attempts.cancelled(talk.now, 'r/load/1', true);
  const [[type, data] = []] = talk.said();
  assert.deepEqual([type, data?.['was_running'], data?.['cleaned']], ['task.cancelled', false, true]);
});

test('a cancel of what nobody knows is answered, and a late invoke of it starts nothing', () => {
  const talk = new Talk().ready().cancel('r/load/9');
  assert.deepEqual(talk.types(), ['task.cancelled']);
  assert.deepEqual(talk.invoke('r/load/9').types(), ['task.cancelled']);
  assert.deepEqual(talk.session.take(talk.now).starts, []);
});

test('one that is not cancellable runs on', () => {
  const talk = new Talk().ready().invoke('r/stays/1', { task: 'stays' }).cancel('r/stays/1');
  assert.deepEqual([talk.done('stop'), talk.types()], [[], []]);
});

test('of what was fenced nothing more is said, and its slot is free when it has ended', () => {
  const talk = new Talk().ready().invoke('r/load/1').invoke('r/load/2');
  talk.said();
  talk.hear('task.fenced', { attempt: 'r/load/1' });
  assert.equal(talk.done('stop').length, 1);
  talk.invoke('r/load/3');
  assert.deepEqual(talk.said().map(([, data]) => data['code']), ['no_slot']); // prettier-ignore
  talk.session.attempts.completed(talk.now, 'r/load/1', '1', {});
  assert.deepEqual(talk.types(), []);
  assert.deepEqual(talk.invoke('r/load/4').types(), ['task.queued']);
});
