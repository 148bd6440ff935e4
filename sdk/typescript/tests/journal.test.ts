import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CordynaError } from '../src/errors.ts';
import { Journal, lineOf } from '../src/state/journal.ts';
import { folderOf } from './temporary.ts';

const RECORDS = [{ save: ['ä'] }, { forget: [1, 2] }, { text: 'a line\nof two' }];

async function written(path: string): Promise<Buffer> {
  const { journal } = await Journal.open(path);
  for (const record of RECORDS) await journal.append(record);
  await journal.close();
  return readFile(path);
}

async function read(path: string): Promise<{ records: readonly unknown[]; tornBytes: number }> {
  const { journal, records, tornBytes } = await Journal.open(path);
  await journal.close();
  return { records, tornBytes };
}

test('what was appended is there after the next opening', async (t) => {
  const path = join(await folderOf(t), 'j');
  await written(path);
  assert.deepEqual(await read(path), { records: RECORDS, tornBytes: 0 });
});

test('the file is for its owner alone', async (t) => {
  const path = join(await folderOf(t), 'j');
  await written(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a last record that is cut at any byte is left out, and those before it are there', async (t) => {
  const path = join(await folderOf(t), 'j');
  const whole = await written(path);
  const last = Buffer.byteLength(lineOf(RECORDS[2]));
  for (let cut = 1; cut <= last; cut += 1) {
    await writeFile(path, whole.subarray(0, whole.length - cut));
    assert.deepEqual(await read(path), { records: RECORDS.slice(0, 2), tornBytes: last - cut });
  }
});

test('a last record with any byte changed is left out', async (t) => {
  const path = join(await folderOf(t), 'j');
  const whole = await written(path);
  for (let at = whole.length - Buffer.byteLength(lineOf(RECORDS[2])); at < whole.length; at += 1) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(path, changed);
    assert.deepEqual((await read(path)).records, RECORDS.slice(0, 2));
  }
});

test('zeros that a loss of power has left at its end are left out', async (t) => {
  const path = join(await folderOf(t), 'j');
  const whole = await written(path);
  await writeFile(path, Buffer.concat([whole, Buffer.alloc(5000)]));
  assert.deepEqual(await read(path), { records: RECORDS, tornBytes: 5000 });
});

test('what is appended behind a torn record is read', async (t) => {
  const path = join(await folderOf(t), 'j');
  const whole = await written(path);
  await writeFile(path, whole.subarray(0, whole.length - 4));
  const { journal } = await Journal.open(path);
  await journal.append('more');
  await journal.close();
  assert.deepEqual(await read(path), { records: [...RECORDS.slice(0, 2), 'more'], tornBytes: 0 });
});

test('damage with good records behind it is refused, with its line', async (t) => {
  const path = join(await folderOf(t), 'j');
  const whole = await written(path);
  const second = Buffer.byteLength(lineOf(RECORDS[0]));
  for (const at of [second, second + 20, second + Buffer.byteLength(lineOf(RECORDS[1])) - 1]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(path, changed);
    await assert.rejects(Journal.open(path), (error: Error) => {
      assert.ok(error instanceof CordynaError);
      assert.match(error.message, /j is damaged: line 2 /);
      return true;
    });
  }
});

test('a rewrite leaves what it was given, and appends go behind it', async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, 'j');
  const { journal } = await Journal.open(path);
  await journal.append('old');
  await journal.rewrite(['new', 'er']);
  await journal.append('est');
  assert.equal(journal.bytes, (await stat(path)).size);
  await journal.close();
  assert.deepEqual((await read(path)).records, ['new', 'er', 'est']);
  assert.deepEqual(await readdir(folder), ['j']);
});

test('what a rewrite that was killed has left is removed', async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, 'j');
  await written(path);
  await writeFile(`${path}.new`, 'half of');
  assert.deepEqual((await read(path)).records, RECORDS);
  assert.deepEqual(await readdir(folder), ['j']);
});

test('an append that fails leaves nothing, and works again afterwards', async (t) => {
  const path = join(await folderOf(t), 'j');
  const { journal } = await Journal.open(path);
  await journal.append('first');
  await assert.rejects(journal.append({ toJSON: () => assert.fail('no JSON') }), /no JSON/);
  // Half of a record is on the disk when the disk is full.
  const sizes: number[] = [];
  await failingOnce(journal, async () => {
    await assert.rejects(journal.append('second'), /no space/);
    sizes.push((await stat(path)).size);
  });
  await journal.append('2nd');
  await journal.close();
  assert.ok((sizes[0] ?? 0) > Buffer.byteLength(lineOf('first')));
  assert.deepEqual(await read(path), { records: ['first', '2nd'], tornBytes: 0 });
});

/** Its flushes fail, as on a disk that is full. */
async function failingOnce(journal: Journal, work: () => Promise<void>): Promise<void> {
  const file = journal._file;
  const before = file.datasync;
  file.datasync = () => Promise.reject(new Error('no space'));
  await work();
  file.datasync = before;
}
