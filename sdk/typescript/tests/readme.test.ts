/** The examples of the README work as they stand. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DeclarationError, s, TaskError, TaskServer } from '../src/index.ts';
import type { Task } from '../src/task.ts';
import { runTask } from '../src/testing.ts';

const README = await readFile(new URL('../README.md', import.meta.url), 'utf8');

function examples(language: string): string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map((found) => found[1] ?? '');
}

/** Its lines as the body of a function, with what they import. */
function evaluated(code: string, given: object, result: string): unknown {
  const body = code.replace(/^import .*$/gm, '').replace('await server.run();', '');
  const run = new Function(...Object.keys(given), `return (async () => { ${body}; return ${result}; })()`) as (
    ...values: unknown[]
  ) => unknown;
  return run(...Object.values(given));
}

test('the first example is two tasks, and the second tries one of them', async () => {
  process.env['CORDYNA_TEAM'] = 'sales';
  const [first = '', second = ''] = examples('js');
  const found = await evaluated(first, { s, TaskServer }, '{ server, loadOrders }');
  const { server, loadOrders } = found as { server: TaskServer; loadOrders: Task };
  const [load, count] = server.declarations();
  assert.deepEqual(
    [load?.['cron'], load?.owner.team, count?.['needs']],
    ['30 6 * * *', 'sales', [{ task: 'load_orders' }]],
  );
  const tried = await evaluated(second, { runTask, loadOrders }, '{ state, output }');
  assert.deepEqual(tried, { state: 'completed', output: { rows: 3 } });
});

test('the builder’s example is a schema, and that of errors an error', async () => {
  const [inputs = '', thrown = ''] = examples('ts');
  const made = (await evaluated(inputs, { s }, 'inputs')) as { shop: unknown };
  const server = new TaskServer({ team: 'sales', contacts: ['a'] });
  server.task({ id: 'a', description: 'A.', inputs: made as never }, () => 1);
  const [{ input_schema: schema } = { input_schema: {} }] = server.declarations();
  assert.deepEqual((schema as { required: string[] }).required, ['shop', 'kinds']);
  await assert.rejects(evaluated(thrown, { TaskError }, '0') as Promise<unknown>, TaskError);
});

test('all settings of a task are in the table', () => {
  const server = new TaskServer({ team: 'sales', contacts: ['a'] });
  server.task({ id: 'a', description: 'A.', nothing: 1 } as never, () => 1);
  assert.throws(() => server.declarations(), (error: Error) => {
    assert.ok(error instanceof DeclarationError);
    const known = error.message.split('known: ')[1]?.split(', ') ?? [];
    assert.deepEqual(known.filter((name) => !README.includes(`\`${name}\``)), []);
    return known.length > 15;
  }); // prettier-ignore
});
