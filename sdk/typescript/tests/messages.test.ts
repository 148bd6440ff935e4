import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BATCH_MAX, Frame, FRAME_MAX, frameOf, LogMessage, Message, ProgressMessage } from '../src/messages.ts';
import { Flaw, readFrame } from '../src/received.ts';
import { clean, fit, sizeOf } from '../src/texts.ts';

const cancel = { attempt: 'r/t/1', fence: {}, reason: 'user', grace_s: 1 };

function event(type: string, data: unknown, more: object = {}): object {
  return { specversion: '1.0', id: 'm', source: 'urn:cordyna:cerebro', type: `cordyna.${type}.v1`, data, ...more };
}

test('a message is a CloudEvent, with session and seq once there is a session', () => {
  const message = new Message(
    'b.1',
    'task.queued',
    'r/t/1',
    '{"attempt":"r/t/1"}',
    1,
    true,
    '2026-01-01T00:00:00.000Z',
  );
  const before = JSON.parse(message.text('"urn:cordyna:ts:a/b"', '', 1)) as object;
  const expected = {
    specversion: '1.0',
    id: 'b.1',
    source: 'urn:cordyna:ts:a/b',
    type: 'cordyna.task.queued.v1',
    time: '2026-01-01T00:00:00.000Z',
    subject: 'r/t/1',
    datacontenttype: 'application/json',
    data: { attempt: 'r/t/1' },
  };
  assert.deepEqual(before, expected);
  const within = JSON.parse(message.text('"urn:cordyna:ts:a/b"', '"s"', 7)) as object;
  assert.deepEqual(within, { ...expected, session: 's', seq: '7' });
});

test('progress and lines gather until they are sent', () => {
  const progress = new ProgressMessage('a', '{"attempt":"a"', {});
  assert.deepEqual(JSON.parse(progress.dataText()), { attempt: 'a' });
  progress.values['fraction'] = 0.5;
  assert.deepEqual(JSON.parse(progress.dataText()), { attempt: 'a', fraction: 0.5 });
  const log = new LogMessage('a', '{"attempt":"a"', 'info', 3, ['x "y"'], 0);
  log.lines.push('z');
  const expected = { attempt: 'a', stream: 'log', offset: 3, level: 'info', lines: ['x "y"', 'z'] };
  assert.deepEqual(JSON.parse(log.dataText()), expected);
});

test('a frame is within the bounds, and takes one message whatever its size', () => {
  const many = new Frame();
  while (many.takes('{}'));
  assert.equal(many.texts.length, BATCH_MAX);
  const large = new Frame();
  while (large.takes('ä'.repeat(50_000)));
  assert.equal(large.texts.length, 10);
  assert.ok(sizeOf(frameOf(large.texts)) <= FRAME_MAX);
  assert.equal(new Frame().takes('x'.repeat(2 * FRAME_MAX)), true);
  assert.equal(frameOf(['{}']), '{}');
});

const REFUSED: readonly (readonly [name: string, text: string, path: string, words: RegExp])[] = [
  ['no JSON', '{', '#', /^is no JSON: /],
  ['no object', '3', '#', /^must be an object$/],
  ['no id', JSON.stringify({ type: 'x' }), '#/id', /^must be a text of 1 to 128 bytes$/],
  ['no type', JSON.stringify({ id: 'm' }), '#/type', /^must be a text$/],
  ['no data', JSON.stringify(event('task.cancel', 3)), '#/data', /^must be an object$/],
  ['a field is missing', JSON.stringify(event('task.cancel', { attempt: 'a' })), '#/data/fence', /^is missing$/],
  ['of another kind', JSON.stringify(event('task.cancel', { ...cancel, grace_s: 'x' })), '#/data/grace_s', /a number$/],
  ['no fate', JSON.stringify(event('server.resumed', { attempts: [{}] })), '#/data/attempts', /with attempt and fate$/],
];
for (const [name, text, path, words] of REFUSED) {
  test(`what comes is looked at: ${name}`, () => {
    const [flaw, ...rest] = readFrame(text);
    assert.ok(flaw instanceof Flaw && rest.length === 0);
    assert.equal(flaw.path, path);
    assert.match(flaw.text, words);
    assert.equal(flaw.data()['fatal'], false);
  });
}

test('a list is read one by one, and what nobody knows is left out', () => {
  const list = [
    event('task.cancel', { ...cancel, more: 1 }, { session: 's', other: 2 }),
    event('task.dance', {}),
    event('constructor', {}),
    { id: 'm', type: 'com.example.other', data: {} },
    event('task.fenced', {}),
  ];
  const [first, second, ...rest] = readFrame(JSON.stringify(list));
  assert.ok(first !== undefined && !(first instanceof Flaw) && first.type === 'task.cancel');
  assert.deepEqual([first.session, first.data.grace_s], ['s', 1]);
  assert.ok(second instanceof Flaw);
  assert.deepEqual(second.data(), {
    of: 'm',
    code: 'invalid',
    message: 'is missing',
    path: '#/data/attempt',
    fatal: false,
  });
  assert.deepEqual(rest, []);
});

test('texts are cut between characters, and have no halves of them', () => {
  assert.equal(fit('abc', 3), 'abc');
  assert.equal(fit('äöü', 6), 'äöü');
  assert.equal(fit('äöüß', 7), 'äö…');
  assert.equal(fit('a😀😀', 8), 'a😀…');
  assert.equal(sizeOf(fit('😀'.repeat(100), 50)) <= 50, true);
  assert.equal(clean('a\ud800b'), 'a\ufffdb');
});
