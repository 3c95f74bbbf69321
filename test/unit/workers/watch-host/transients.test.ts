import { beforeEach, describe, expect, test } from 'vitest';
import type { RootOptions } from '#codi/workers/watch-host/watch-host.messages.js';
import { WatchWorld } from '../../../support/watch-world.ts';

const PER_SECOND = 5;
let world: WatchWorld;
beforeEach(() => {
  world = new WatchWorld();
});

async function watch(isInSteps = true, options: Partial<RootOptions> = {}): Promise<void> {
  await world.watch({ transients: { isInSteps, perSecond: PER_SECOND }, ...options });
  world.takeEvents();
}

async function told(): Promise<string[]> {
  await world.pass(2_000);
  expect(world.folded()).toEqual(world.index());
  expect(world.index()).toEqual(world.walk());
  return world.takeEvents();
}

function comeAndGo(path: string): void {
  world.disk.create(path);
  world.disk.write(path);
  world.disk.remove(path);
}

describe('A file that came and went between two looks', () => {
  test('is told in the steps that hints name.', async () => {
    await watch();
    comeAndGo('/root/a');
    expect(await told()).toEqual(['create a', 'update a', 'delete a']);
  });

  test('has no update when nothing was written.', async () => {
    await watch();
    world.disk.create('/root/a');
    world.disk.remove('/root/a');
    expect(await told()).toEqual(['create a', 'delete a']);
  });

  test('is one event when that is wanted, told from hints, of a file without a size.', async () => {
    await watch(false);
    comeAndGo('/root/a');
    await world.pass(2_000);
    const [event, ...more] = world.events;
    expect(event).toMatchObject({ event: 'transient', path: 'a', kind: 'file', seen: 'hint' });
    expect(event).toMatchObject({ size: null, stat: null });
    expect(more).toEqual([]);
  });

  test('is not told when that is not wanted.', async () => {
    await world.watch();
    world.takeEvents();
    comeAndGo('/root/a');
    expect(await told()).toEqual([]);
  });

  test('is told in the order of the hints.', async () => {
    await watch(false);
    for (const name of ['c', 'a', 'b']) comeAndGo(`/root/${name}`);
    expect(await told()).toEqual(['transient c', 'transient a', 'transient b']);
  });

  test('is told once, however often it did while nobody looked.', async () => {
    await watch();
    for (let times = 0; times < 3; times++) comeAndGo('/root/a');
    expect(await told()).toEqual(['create a', 'update a', 'delete a']);
  });

  test('is told again when it comes and goes again.', async () => {
    await watch(false);
    comeAndGo('/root/a');
    expect(await told()).toEqual(['transient a']);
    comeAndGo('/root/a');
    expect(await told()).toEqual(['transient a']);
  });
});

describe('What is there, or was known before, is no file that came and went:', () => {
  test('a file that is there in the end,', async () => {
    await watch();
    comeAndGo('/root/a');
    world.disk.create('/root/a');
    expect(await told()).toEqual(['create a']);
  });

  test('a recorded file that is deleted, made anew and deleted,', async () => {
    world.disk.create('/root/a');
    await watch();
    world.disk.remove('/root/a');
    comeAndGo('/root/a');
    expect(await told()).toEqual(['delete a']);
  });

  test('a file that was seen while it was there,', async () => {
    await watch();
    world.disk.create('/root/a');
    await world.pass(20);
    world.disk.remove('/root/a');
    expect(await told()).toEqual(['create a', 'delete a']);
  });

  test('a file whose creation and deletion a sweep saw before the hints were looked at.', async () => {
    await watch();
    world.disk.create('/root/a');
    world.sync(1, ['']);
    world.deliver();
    world.clock.advance(3);
    world.disk.remove('/root/a');
    world.sync(2, ['']);
    world.deliver();
    expect(await told()).toEqual(['create a', 'delete a']);
  });
});

describe('What saves of other files leave behind is not told:', () => {
  beforeEach(() => {
    world.disk.create('/root/f');
  });

  test('the file that is renamed over another one,', async () => {
    await watch();
    comeAndGo('/root/unlike'); // a pass of its own, for comparison
    expect(await told()).toHaveLength(3);
    world.disk.create('/root/sedXYZ');
    world.disk.write('/root/sedXYZ');
    world.disk.rename('/root/sedXYZ', '/root/f');
    expect(await told()).toEqual(['update f']);
  });

  test('a file that is renamed twice,', async () => {
    await watch();
    world.disk.create('/root/one');
    world.disk.rename('/root/one', '/root/two');
    world.disk.rename('/root/two', '/root/three');
    expect(await told()).toEqual(['create three']);
  });

  test('a copy of the file beside it,', async () => {
    await watch();
    comeAndGo('/root/.f.swp');
    comeAndGo('/root/f~');
    expect(await told()).toEqual([]);
  });

  test('what an editor tries out while it saves.', async () => {
    await watch();
    comeAndGo('/root/4913');
    world.disk.rename('/root/f', '/root/f~');
    world.disk.create('/root/f');
    world.disk.write('/root/f');
    world.disk.remove('/root/f~');
    expect(await told()).toEqual(['update f']);
  });
});

test('Another file that is made right afterwards is no place to which the first one was moved.', async () => {
  await watch(false);
  world.disk.create('/root/a');
  world.deliver();
  world.clock.standStill(200);
  world.disk.goOnFrom(world.clock.nowMs());
  world.disk.remove('/root/a');
  world.disk.create('/root/b');
  expect((await told()).sort()).toEqual(['create b', 'transient a']);
});

test('Ignored names, and those that no pattern includes, are not told.', async () => {
  await watch(true, { ignore: ['*.tmp'], patterns: ['*.txt', '*.tmp'] });
  for (const name of ['a.tmp', 'b.md', 'c.txt']) comeAndGo(`/root/${name}`);
  expect(await told()).toEqual(['create c.txt', 'update c.txt', 'delete c.txt']);
});

test('What is denied is there, although it is never told.', async () => {
  world.disk.create('/root/own.log');
  const { dev, ino } = world.disk.lstat('/root/own.log' as never) as { dev: bigint; ino: bigint };
  await watch(true, { deny: [{ dev, ino }] });
  world.disk.rename('/root/own.log', '/root/own.log.1');
  world.disk.rename('/root/own.log.1', '/root/own.log');
  await world.pass(2_000);
  expect(world.takeEvents()).toEqual([]);
});

test('More in a second than the limit are counted, and later ones are told again.', async () => {
  await watch(false);
  for (let count = 0; count < PER_SECOND + 3; count++) comeAndGo(`/root/${count}`);
  expect(await told()).toHaveLength(PER_SECOND);
  expect(world.of('counters').at(-1)).toMatchObject({ transientsDropped: 3 });
  comeAndGo('/root/later');
  expect(await told()).toEqual(['transient later']);
});

test('A folder that goes with all that came and went in it is told as gone alone.', async () => {
  world.disk.create('/root/d', 'dir');
  await watch();
  comeAndGo('/root/d/a');
  world.disk.remove('/root/d');
  expect(await told()).toEqual(['delete d']);
});
