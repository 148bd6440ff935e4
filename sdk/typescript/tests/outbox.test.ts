import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Message } from '../src/messages.ts';
import { lineOf } from '../src/state/journal.ts';
import { DiskOutbox, MemoryOutbox } from '../src/state/outbox.ts';
import { folderOf } from './temporary.ts';

function message(type: string, attempt: string, id = `${type} of ${attempt}`, more = ''): Message {
  return new Message(id, type, attempt, `{"attempt":"${attempt}"${more}}`, 0, true, '2026-01-01T00:00:00.000Z');
}

async function open(t: TestContext, folder: string): Promise<DiskOutbox> {
  const outbox = await DiskOutbox.open(folder, (text) => t.diagnostic(text));
  t.after(() => outbox.close().catch(() => undefined));
  return outbox;
}

const save = (...messages: Message[]) => ({ save: messages, forget: [], over: [] });

/** Without the end of the process before: as after a kill. */
async function left(t: TestContext, folder: string): Promise<unknown> {
  const outbox = await open(t, folder);
  const { messages, lost, past } = outbox.left;
  await outbox.close();
  return { ids: messages.map((one) => one.id), lost, past };
}

test('ends and rejections are sent again, and what was only queued is lost', async (t) => {
  const folder = join(await folderOf(t), 'a', 'b');
  const outbox = await open(t, folder);
  await outbox.commit(save(message('task.queued', 'r/t/1'), message('task.queued', 'r/t/2')));
  await outbox.commit(save(message('task.completed', 'r/t/1'), message('task.rejected', 'r/t/3')));
  await outbox.close();
  assert.deepEqual(await left(t, folder), {
    ids: ['task.completed of r/t/1', 'task.rejected of r/t/3'],
    lost: ['{"attempt":"r/t/2"}'],
    past: ['r/t/1', 'r/t/2'],
  });
});

test('a receipt of task.queued leaves the attempt one that was accepted', async (t) => {
  const folder = await folderOf(t);
  const outbox = await open(t, folder);
  await outbox.commit(save(message('task.queued', 'r/t/1', 'm1')));
  await outbox.commit({ save: [], forget: ['m1'], over: [] });
  await outbox.close();
  assert.deepEqual(await left(t, folder), { ids: [], lost: ['{"attempt":"r/t/1"}'], past: ['r/t/1'] });
});

test('what has its receipt, or is not this server’s any more, is only remembered by name', async (t) => {
  const folder = await folderOf(t);
  const outbox = await open(t, folder);
  await outbox.commit(save(message('task.queued', 'r/t/1', 'm1'), message('task.queued', 'r/t/2', 'm2')));
  await outbox.commit(save(message('task.error', 'r/t/1', 'm3')));
  await outbox.commit({ save: [], forget: ['m1', 'm2', 'm3'], over: ['r/t/2'] });
  await outbox.close();
  const expected = { ids: [], lost: [], past: ['r/t/1', 'r/t/2'] };
  assert.deepEqual(await left(t, folder), expected);
  assert.deepEqual(await left(t, folder), expected);
});

test('a commit that a kill has torn is not there, and nothing else of it either', async (t) => {
  const folder = await folderOf(t);
  const outbox = await open(t, folder);
  await outbox.commit(save(message('task.completed', 'r/t/1')));
  const path = join(folder, 'outbox.journal');
  const before = (await stat(path)).size;
  await outbox.commit(save(message('task.completed', 'r/t/2'), message('task.completed', 'r/t/3')));
  await outbox.close();
  const whole = await readFile(path);
  for (const size of [before + 1, before + 60, whole.length - 1]) {
    await writeFile(path, whole.subarray(0, size));
    assert.deepEqual(await left(t, folder), { ids: ['task.completed of r/t/1'], lost: [], past: ['r/t/1'] });
  }
});

test('the journal is written anew before it grows for ever, and loses nothing by it', async (t) => {
  const folder = await folderOf(t);
  const outbox = await open(t, folder);
  await outbox.commit(save(message('task.queued', 'r/stays/1'), message('task.completed', 'r/kept/1')));
  const padding = `,"output":"${'x'.repeat(10_000)}"`;
  let largest = 0;
  for (let number = 0; number < 300; number += 1) {
    const one = message('task.completed', `r/t/${number}`, `m${number}`, padding);
    await outbox.commit(save(one));
    await outbox.commit({ save: [], forget: [one.id], over: [] });
    largest = Math.max(largest, (await stat(join(folder, 'outbox.journal'))).size);
  }
  await outbox.close();
  assert.ok(largest < 1.2 * (1 << 20), `${largest} bytes`);
  const found = (await left(t, folder)) as { ids: string[]; lost: string[]; past: string[] };
  assert.deepEqual([found.ids, found.lost], [['task.completed of r/kept/1'], ['{"attempt":"r/stays/1"}']]);
  assert.equal(found.past.length, 302);
});

test('a revision stays that of the same declarations, and grows with others', async (t) => {
  const folder = await folderOf(t);
  const outbox = await open(t, folder);
  const first = await outbox.revision('one', 100);
  assert.deepEqual([first, await outbox.revision('one', 200), await outbox.revision('two', 50)], [100, 100, 101]);
  await outbox.close();
  const again = await open(t, folder);
  assert.deepEqual([await again.revision('two', 900), await again.revision('one', 900)], [101, 900]);
  const memory = new MemoryOutbox();
  assert.deepEqual([await memory.revision('one', 7), await memory.revision('one', 9)], [7, 7]);
});

test('a folder that cannot be used says why', async (t) => {
  const folder = await folderOf(t);
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(
    DiskOutbox.open(join(folder, 'file'), () => undefined),
    /state folder .*file cannot be made: /,
  );
  const outbox = await open(t, join(folder, 'state'));
  await assert.rejects(
    DiskOutbox.open(join(folder, 'state'), () => undefined),
    /is in use by process/,
  );
  await outbox.close();
  await writeFile(join(folder, 'state', 'outbox.journal'), lineOf({ cordyna: 'outbox', version: 2 }));
  await assert.rejects(
    DiskOutbox.open(join(folder, 'state'), () => undefined),
    /is of another version/,
  );
  assert.deepEqual(await readdir(join(folder, 'state')), ['outbox.journal']);
});
