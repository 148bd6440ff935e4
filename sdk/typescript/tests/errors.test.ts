import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, secondsOf } from '../src/durations.ts';
import { BadOutput, codeOf, errorData, messageOf, TaskError } from '../src/errors.ts';

class NoRowsError extends Error {}

function without(thrown: unknown): object {
  const { stack: _stack, ...rest } = errorData(thrown);
  return rest;
}

test('the class of an error is its code', () => {
  const usual = { phase: 'run', kind: 'user', retryable: true };
  assert.deepEqual(without(new TypeError('no')), { code: 'TYPE_ERROR', message: 'no', ...usual });
  assert.deepEqual(without(new NoRowsError('no')), { code: 'NO_ROWS_ERROR', message: 'no', ...usual });
  assert.deepEqual(without('thrown as a text'), { code: 'ERROR', message: 'thrown as a text', ...usual });
  assert.deepEqual(without(new ReferenceError('x is not defined')), {
    code: 'REFERENCE_ERROR',
    message: 'x is not defined',
    ...usual,
    retryable: false,
  });
});

test('an error of the network is the system’s, by the code that Node.js gives it', () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  assert.deepEqual(without(error), {
    code: 'ECONNREFUSED',
    message: 'connect ECONNREFUSED 127.0.0.1:1',
    phase: 'run',
    kind: 'system',
    retryable: true,
  });
});

test('a task says itself how it failed', () => {
  const error = new TaskError('no rows', 'the shop sent nothing', {
    retryable: false,
    retryAfter: '5m',
    kind: 'upstream',
    detail: { shop: 'ulm' },
  });
  assert.deepEqual(without(error), {
    code: 'NO_ROWS',
    message: 'the shop sent nothing',
    phase: 'run',
    kind: 'upstream',
    retryable: false,
    retry_after_s: 300,
    detail: { shop: 'ulm' },
  });
});

test('a wrong result is of the result, and the same the next time', () => {
  const { phase, retryable } = errorData(new BadOutput('#/output: must be a number'));
  assert.deepEqual([phase, retryable], ['result', false]);
});

test('a message is never empty, and never larger than messages are', () => {
  assert.equal(messageOf(new NoRowsError('  ')), 'NoRowsError, without a message');
  assert.equal(messageOf(null), 'null');
  const hostile = { toString: () => assert.fail('not here') };
  assert.equal(messageOf(hostile), 'Error, without a message');
  assert.ok(messageOf(new Error('x'.repeat(100_000))).length <= 16_000);
});

test('causes are told, the nearest first, also of several, and not for ever', () => {
  const inner = new Error('inner', { cause: 'a text' });
  const several = new AggregateError([new TypeError('one'), inner], 'several');
  assert.deepEqual(errorData(new Error('outer', { cause: several })).cause, [
    'AggregateError: several',
    'TypeError: one',
    'Error: inner',
    'Error: a text',
  ]);
  const round: Error = new Error('round');
  round.cause = round;
  assert.equal(errorData(round).cause, undefined);
});

test('the stack has places, and no message', () => {
  const { stack = '' } = errorData(new Error('a secret: hunter2'));
  assert.match(stack, /errors\.test\.ts:\d+/);
  assert.doesNotMatch(stack, /hunter2/);
});

test('codes are for programs', () => {
  const found = ['HTTPError', 'value error', '__', 'x'.repeat(100)].map(codeOf);
  assert.deepEqual(found, ['HTTP_ERROR', 'VALUE_ERROR', 'ERROR', 'X'.repeat(64)]);
});

test('durations are texts or seconds', () => {
  const texts = ['250ms', '1h30m', 'PT10M', 90, 0.25, 0, 86_400].map(durationText);
  assert.deepEqual(texts, ['250ms', '1h30m', 'PT10M', '1m30s', '250ms', '0s', '1d']);
  assert.deepEqual(['250ms', '1d2h3m4s5ms', 7].map(secondsOf), [0.25, 93_784.005, 7]);
  for (const wrong of ['', '5', '5 m', '1m1h', 'P', 'PT', -1, NaN]) {
    assert.throws(() => durationText(wrong), /is not a duration: /);
  }
  for (const wrong of ['', 'PT10M', Infinity]) assert.throws(() => secondsOf(wrong), /is not a duration: /);
});
