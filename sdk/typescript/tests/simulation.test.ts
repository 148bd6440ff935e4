import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from './simulation/world.ts';

const COUNT = Number(process.env['CORDYNA_SEEDS'] ?? 150);
const ONE = process.env['CORDYNA_SEED'];
const SEEDS = ONE === undefined ? Array.from({ length: COUNT }, (_, seed) => seed) : [Number(ONE)];
const TROUBLES = 60;

/** One thing that happens to the world. */
function trouble(world: World, kills = true): void {
  const { model } = world;
  const live = model.live;
  const one = live[Math.floor(world.random() * live.length)];
  const what = world.random();
  if (what < 0.45) {
    const known = model.invoke();
    if (model.isReady) world.tell([model.invokeEvent(known)]);
  } else if (what < 0.55) {
    world.cut();
  } else if (what < 0.62) {
    if (!kills) return;
    world.kill();
    world.later([0, 5, 40][Math.floor(world.random() * 3)] ?? 0, () => world.boot());
  } else if (one !== undefined && what < 0.72) {
    one.wantsCancel = true;
    world.tell([model.cancelEvent(one)]);
  } else if (one !== undefined && what < 0.78) {
    one.isFenced = true;
    world.tell([model.event('task.fenced', { attempt: one.name })]);
  } else if (one !== undefined) {
    world.tell([model.invokeEvent(one)]);
  }
}

/** Cerebro says again what it has heard nothing of, and gives up nobody. */
function remind(world: World): void {
  const { model } = world;
  if (model.isReady) world.tell(model.live.flatMap((one) => model.open(one)));
  world.later(3, () => remind(world));
}

function begin(seed: number, overHttp: boolean): World {
  const world = new World(seed, overHttp);
  world.boot();
  world.later(1, () => remind(world));
  for (let count = 0; count < TROUBLES; count += 1) {
    trouble(world);
    world.runUntil(world.now + ([0.01, 0.2, 1, 5][Math.floor(world.random() * 4)] ?? 1));
    if (!world.isUp && world.random() < 0.5) world.boot();
  }
  return world;
}

/** No more trouble, and time enough for what was promised. */
function heal(world: World): void {
  world.loss = world.doubling = world.crash = 0;
  world.boot();
  world.runUntil(world.now + 300);
}

function check(world: World): void {
  assert.deepEqual(world.flaws, []);
  assert.deepEqual(world.model.flaws, []);
  const twice = [...world.runs].filter(([, count]) => count > 1);
  assert.deepEqual(twice, [], 'an attempt ran twice');
  assert.deepEqual(
    world.model.live.map((one) => one.name),
    [],
    'attempts that never end',
  );
  // What the disk had once, cerebro has heard, if it has not given the attempt up before.
  for (const [name, end] of world.ends) {
    const known = world.model.attempts.get(name);
    if (known === undefined || known.isFenced || known.state === 'lost' || known.state === 'rejected') continue;
    assert.equal(known.end?.replaceAll(/,"fence":\{[^}]*\}/g, ''), end.replaceAll(/,"fence":\{[^}]*\}/g, ''));
  }
  assert.deepEqual([...world.disk.messages.keys()], [], 'messages without a receipt');
  assert.deepEqual([...world.disk.running.keys()], [], 'attempts that run for ever');
}

for (const overHttp of [false, true]) {
  const binding = overHttp ? 'HTTP' : 'a WebSocket';
  test(`what is promised holds through trouble, over ${binding}`, () => {
    let [runs, boots] = [0, 0];
    for (const seed of SEEDS) {
      const world = begin(seed, overHttp);
      heal(world);
      try {
        check(world);
      } catch (error) {
        throw new Error(`replay: CORDYNA_SEED=${seed}`, { cause: error });
      }
      runs += world.runs.size;
      boots += world.boots;
    }
    assert.ok(runs > 5 * SEEDS.length && boots > 2 * SEEDS.length, 'little has happened');
  });

  test(`who drains takes nothing more, ends what there is, and goes, over ${binding}`, () => {
    for (const seed of SEEDS) {
      const world = begin(seed, overHttp);
      world.crash = 0;
      world.boot();
      world.runUntil(world.now + 20);
      const before = world.runs.size;
      world.drain();
      for (let count = 0; count < 5; count += 1) trouble(world, false);
      world.loss = world.doubling = 0;
      world.runUntil(world.now + 100);
      try {
        assert.ok(world.exits.length > 0, 'it has not gone');
        assert.ok(before > 0);
        heal(world);
        check(world);
      } catch (error) {
        throw new Error(`replay: CORDYNA_SEED=${seed}`, { cause: error });
      }
    }
  });
}
