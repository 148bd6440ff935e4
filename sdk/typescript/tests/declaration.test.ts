import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeclarationError, type Fields, s, type Schema, TaskServer, type TaskSettings } from '../src/index.ts';
import { hashOf } from '../src/declaration.ts';

const OWNER = { team: 'sales', contacts: ['sales@example.com'] };
const nothing = (): void => undefined;

function serverOf(options: object = {}): TaskServer {
  return new TaskServer({ team: 'sales', owner: OWNER, ...options });
}

const ALL: TaskSettings & { inputs: Fields; output: Schema<number> } = {
  id: 'sum',
  description: 'Sums.',
  version: '3',
  within: 3600,
  cron: '30 6 * * *',
  timezone: 'Europe/Berlin',
  catchUp: 'none',
  retry: { attempts: 3, delay: '10s', backoff: 'exponential', maxDelay: 90, jitter: true, on: ['timeout'] },
  timeouts: { acknowledge: '5s', start: '1m', complete: '2h', maxExtend: '1h' },
  overlap: 'forbid',
  cancellable: false,
  slotClass: 'gpu',
  priority: 7,
  labels: { zone: 'eu' },
  runbookUrl: 'https://example.com/sum',
  inputs: { day: s.string() },
  output: s.integer(),
};

test('all that a task may say of itself is declared', () => {
  const server = serverOf();
  const load = server.task({ id: 'load', description: 'Loads.' }, nothing);
  const theirs = new TaskServer({ team: 'web', contacts: ['w'] }).task(
    { id: 'clicks', description: 'Clicks.' },
    nothing,
  );
  const needs = [load, theirs, 'other/load', { task: 'late', within: '6h', optional: true }];
  server.task({ ...ALL, needs }, () => 1);
  assert.deepEqual(server.declarations()[1], {
    id: 'sum',
    description: 'Sums.',
    owner: OWNER,
    version: '3',
    needs: [
      { task: 'load', within: '1h' },
      { task: 'web/clicks', within: '1h' },
      { task: 'other/load', within: '1h' },
      { task: 'late', within: '6h', optional: true },
    ],
    cron: '30 6 * * *',
    timezone: 'Europe/Berlin',
    catch_up: 'none',
    retry: { attempts: 3, delay: '10s', backoff: 'exponential', max_delay: '1m30s', jitter: true, on: ['timeout'] },
    timeouts: { acknowledge: '5s', start: '1m', complete: '2h', max_extend: '1h' },
    overlap: 'forbid',
    cancellable: false,
    slot_class: 'gpu',
    priority: 7,
    labels: { zone: 'eu' },
    runbook_url: 'https://example.com/sum',
    input_schema: {
      type: 'object',
      properties: { day: { type: 'string' } },
      required: ['day'],
      additionalProperties: false,
    },
    output_schema: { type: 'integer' },
  });
});

test('what is not said is not declared', () => {
  const server = serverOf();
  server.task({ id: 'load', description: 'Loads.' }, nothing);
  assert.deepEqual(server.declarations(), [{ id: 'load', description: 'Loads.', owner: OWNER }]);
});

test('the owner is the task’s, or the server’s', () => {
  const server = new TaskServer({ team: 'sales', contacts: ['team@example.com'] });
  server.task({ id: 'a', description: 'A.' }, nothing);
  server.task({ id: 'b', description: 'B.', contacts: ['me@example.com'] }, nothing);
  server.task({ id: 'c', description: 'C.', owner: { team: 'sales', contacts: ['c@example.com'] } }, nothing);
  server.task({ id: 'd', description: 'D.', owner: 'sales' }, nothing);
  const contacts = server.declarations().map((one) => one.owner.contacts[0]);
  assert.deepEqual(contacts, ['team@example.com', 'me@example.com', 'c@example.com', 'team@example.com']);
});

const FLAWS: readonly (readonly [settings: object, words: RegExp])[] = [
  [{ id: 'Load!' }, /its id must be small letters/],
  [{ description: ' ' }, /says nothing of what it does: give it a description/],
  [{ description: 'x'.repeat(20_000) }, /more than 16384 bytes/],
  [{ owner: { team: 'sales', contacts: [] } }, /its owner has no contacts: a list of whom to ask/],
  [{ contacts: 'me@example.com' }, /its owner has no contacts/],
  [{ owner: 'No Team' }, /team 'No Team' is no id/],
  [{ retry: { attempts: 0 } }, /retry\.attempts must be from 1 to 1000/],
  [{ retry: { attempts: 2, backoff: 'slow' } }, /retry\.backoff must be one of/],
  [{ retry: { attempts: 2, delay: 'soon' } }, /retry\.delay: 'soon' is not a duration: write it like 250ms/],
  [{ timeouts: { complete: -1 } }, /timeouts\.complete: -1 is not a duration/],
  [{ priority: 1.5 }, /priority must be from 0 to 1000/],
  [{ labels: { a: 1 } }, /labels must be texts/],
  [{ overlap: 'maybe' }, /overlap must be one of/],
  [{ cron: '6 30' }, /cron must have five fields/],
  [{ timezone: 'UTC' }, /timezone is of use with a cron alone/],
  [{ needs: 'load' }, /needs must be a list/],
  [{ needs: ['No'] }, /needs 'No', which is no id of a task/],
  [{ needs: ['me'] }, /needs itself/],
  [{ needs: ['a', 'sales/a'] }, /needs 'sales\/a' twice/],
  [{ needs: [{ task: 'a', within: 'x' }] }, /needs 'a': within: 'x' is not a duration/],
  [{ retries: 3 }, /has no setting 'retries'; known: id, description/],
  [{ inputs: 3 }, /inputs must be a schema/],
  [{ inputs: s.string() }, /inputs must be an object of fields/],
  [{ output: { minimum: NaN } }, /output must be a schema.*NaN has no JSON/],
];
for (const [settings, words] of FLAWS) {
  test(`a task with ${JSON.stringify(settings).slice(0, 60)} is refused`, () => {
    const server = serverOf();
    const declare = (): unknown => {
      server.task({ id: 'me', description: 'Me.', ...settings } as never, nothing);
      return server.declarations();
    };
    assert.throws(declare, (error: Error) => {
      assert.ok(error instanceof DeclarationError);
      assert.match(error.message, /^task '/);
      assert.match(error.message, words);
      return true;
    });
  });
}

test('a task has an owner, a function, and a name of its own', () => {
  const server = new TaskServer({});
  server.task({ id: 'a', description: 'A.' }, nothing);
  assert.throws(() => server.declarations(), /has no owner: give owner: /);
  assert.throws(() => server.task({ id: 'a', description: 'A.' }, nothing), /'a' is declared twice/);
  assert.throws(() => server.task({ id: 'b', description: 'B.' }, undefined as never), /'b' has no function/);
});

test('a server has tasks of its own team alone', () => {
  const server = serverOf();
  server.task({ id: 'a', description: 'A.', owner: { team: 'web', contacts: ['x'] } }, nothing);
  assert.throws(() => server.declarations(), /owned by team 'web'; a server of team 'sales'/);
});

test('the hash is that of what is declared, whatever the order', () => {
  const one = [{ id: 'a', owner: { team: 'x', contacts: [] } }, { id: 'b' }];
  const same = [{ id: 'b' }, { owner: { contacts: [], team: 'x' }, id: 'a' }];
  assert.equal(hashOf(one), hashOf(same));
  assert.notEqual(hashOf(one), hashOf([{ id: 'a' }, { id: 'b' }]));
});

test('types are those of the schemas', () => {
  const server = serverOf();
  const inputs = { shop: s.string(), count: s.integer().default(1), day: s.string().optional() };
  const load = server.task({ id: 'load', description: 'Loads.', inputs }, (_ctx, { shop, count, day }) => {
    const types: [string, number, string | undefined] = [shop, count, day];
    return { rows: types.length };
  });
  server.task({ id: 'sum', description: 'Sums.', needs: [load] }, (ctx) => {
    const rows: number = ctx.upstream(load).output.rows;
    return rows;
  });
  // @ts-expect-error -- its output is a number
  server.task({ id: 'text', description: 'Text.', output: s.integer() }, () => 'text');
  // @ts-expect-error -- it has no such input
  server.task({ id: 'no', description: 'No.', inputs }, (_ctx, { shops }) => String(shops));
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  server.task({ id: 'json', description: 'JSON.', inputs: schema }, (_ctx, given) => {
    const a: unknown = given['a'];
    return a;
  });
  assert.equal(server.declarations().length, 5);
});
