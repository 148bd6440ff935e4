import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Lock } from '../src/state/lock.ts';
import { folderOf } from './temporary.ts';

interface Holder {
  pid: number;
  started: string;
  where: string;
  host: string;
}

/** What the file of a lock of ours says. */
async function ownHolder(folder: string): Promise<Holder> {
  const lock = await Lock.take(folder);
  const [name] = await readdir(folder);
  const text = await readFile(join(folder, name ?? ''), 'utf8');
  await lock.release();
  return JSON.parse(text) as Holder;
}

test('a folder is taken once, and again when it was given back', async (t) => {
  const folder = await folderOf(t);
  const lock = await Lock.take(folder);
  await assert.rejects(Lock.take(folder), new RegExp(`${folder} is in use by process ${process.pid} on `));
  await lock.release();
  await (await Lock.take(folder)).release();
  assert.deepEqual(await readdir(folder), []);
});

test('of many that come at once at most one has it', async (t) => {
  const folder = await folderOf(t);
  for (let round = 0; round < 20; round += 1) {
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => Lock.take(folder)));
    const got = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.ok(got.length <= 1, `${got.length} have it`);
    for (const lock of got) await lock.release();
  }
});

test('the lock of a process that was killed holds nobody up', async (t) => {
  const folder = await folderOf(t);
  const lockUrl = new URL('../src/state/lock.ts', import.meta.url).href;
  const code = `const {Lock} = await import('${lockUrl}'); await Lock.take('${folder}'); console.log('has it'); setInterval(() => 0, 9e8)`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await assert.rejects(Lock.take(folder), new RegExp(`in use by process ${child.pid}`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await Lock.take(folder)).release();
});

test('a pid that is another process by now is none', async (t) => {
  const folder = await folderOf(t);
  const holder = { ...(await ownHolder(folder)), started: '1' };
  await writeFile(join(folder, 'lock.1.old'), JSON.stringify(holder));
  await (await Lock.take(folder)).release();
});

test('a file that was being written when its process ended is none', async (t) => {
  const folder = await folderOf(t);
  await writeFile(join(folder, 'lock.1.torn'), '{"pid":');
  await (await Lock.take(folder)).release();
});

test('a process elsewhere that touches its file has it, and one that does not, no more', async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, 'lock.1.elsewhere');
  const holder = { pid: 1, started: '1', where: 'another machine', host: 'other' };
  await writeFile(path, JSON.stringify(holder));
  let tick = 1;
  const touching = setInterval(() => void utimes(path, tick, (tick += 1)), 20);
  await assert.rejects(Lock.take(folder, 60_000), /in use by process 1 on other/);
  clearInterval(touching);
  await (await Lock.take(folder, 1)).release();
  assert.deepEqual(await readdir(folder), []);
});
