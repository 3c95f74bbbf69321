import { beforeEach, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { countEvents } from '#codi/protocol/packed-events.js';
import { promisesRun, ROOT_OPTIONS, WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;

beforeEach(() => {
  world = new WatchWorld();
});

function fill(count: number): void {
  for (let index = 0; index < count; index++) world.disk.create(`/root/f${index}`);
}

test('No more than four batches of at most 1,000 events wait for their acknowledgement.', async () => {
  fill(9_500);
  world.isAcking = false;
  await world.watch();
  const sizes = world.of('changes').map(({ events }) => countEvents(events));
  expect(sizes).toHaveLength(4);
  expect(Math.max(...sizes)).toBe(1_000);
  expect(world.of('watching')).toHaveLength(0);
  world.isAcking = true;
  world.ack();
  await world.pass(1_000);
  expect(world.of('watching')).toMatchObject([{ files: 9_500, directories: 0, mode: 'native' }]);
  expect(world.folded()).toEqual(world.walk());
});

test('A sync is answered with a batch that covers it, and only once that batch was sent.', async () => {
  fill(10);
  await world.watch();
  world.isAcking = false;
  for (let index = 0; index < 5_000; index++) world.disk.create(`/root/g${index}`);
  world.sync(1);
  await world.pass(1_000);
  expect(world.of('synced')).toHaveLength(0);
  world.isAcking = true;
  world.ack();
  await world.pass(1_000);
  expect(world.of('synced')).toEqual([{ type: 'synced', root: 1, id: 1, batch: world.lastBatch }]);
});

test('A sync of named paths looks at these at once, also below directories nobody knows yet.', async () => {
  await world.watch();
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/e', 'dir');
  world.disk.create('/root/d/e/f');
  world.disk.create('/root/other');
  world.deliver(Infinity, () => true);
  world.sync(1, ['d/e/f', 'nothing/here']);
  for (let turn = 0; turn < 5; turn++) world.clock.turn();
  expect(world.of('synced')).toHaveLength(1);
  expect(world.takeEvents()).toEqual(['create d', 'create d/e', 'create d/e/f']);
});

test('A root that is deleted is told as gone after all its deletes, and is watched anew when it is back.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/f');
  await world.watch();
  world.takeEvents();
  world.disk.remove('/root');
  await world.pass(500);
  expect(world.takeEvents()).toEqual(['delete d/f', 'delete d']);
  expect(world.of('rootGone')).toHaveLength(1);
  expect(world.messages.at(-1)!.type).toBe('rootGone');
  world.sync(5);
  expect(world.of('synced')).toMatchObject([{ id: 5, batch: world.lastBatch }]);
  world.disk.create('/root', 'dir');
  world.disk.create('/root/again');
  await world.pass(4_000);
  expect(world.takeEvents()).toEqual(['create again']);
  expect(world.of('watching')).toHaveLength(2);
  world.disk.create('/root/more');
  await world.pass(40);
  expect(world.takeEvents()).toEqual(['create more']);
});

test('A root that is replaced by another directory is watched anew.', async () => {
  world.disk.create('/root/f');
  await world.watch();
  world.takeEvents();
  world.disk.rename('/root', '/old');
  world.disk.create('/root', 'dir');
  world.disk.create('/root/g');
  await world.pass(1_000);
  expect(world.takeEvents().sort()).toEqual(['create g', 'delete f']);
  world.disk.write('/root/g');
  world.disk.write('/old/f');
  await world.pass(40);
  expect(world.takeEvents()).toEqual(['update g']);
});

test('A root that does not exist yet is gone until it comes.', async () => {
  world.disk.remove('/root');
  await world.watch();
  expect(world.of('rootGone')).toMatchObject([{ reason: 'it does not exist' }]);
  world.disk.create('/root', 'dir');
  world.disk.create('/root/f');
  await world.pass(4_000);
  expect(world.of('watching')).toHaveLength(1);
  expect(world.takeEvents()).toEqual(['create f']);
});

test('A root that is a single file is recorded with an empty path.', async () => {
  world.disk.create('/other');
  world.disk.remove('/root');
  world.disk.create('/root');
  await world.watch();
  expect(world.takeEvents()).toEqual(['create ']);
  world.disk.write('/root');
  world.disk.write('/other');
  await world.pass(40);
  expect(world.takeEvents()).toEqual(['update ']);
  world.disk.remove('/root');
  world.disk.create('/root', 'dir');
  world.disk.create('/root/f');
  await world.pass(4_000);
  expect(world.takeEvents()).toEqual(['delete ', 'create f']);
});

test('Include patterns choose files, and a moved directory is then told file by file.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/a.txt');
  world.disk.create('/root/d/b.log');
  await world.watch({ patterns: ['*.txt'] });
  expect(world.takeEvents()).toEqual(['create d/a.txt']);
  world.disk.rename('/root/d', '/root/e');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual(['move d/a.txt > e/a.txt']);
  world.disk.rename('/root/e/a.txt', '/root/e/a.bak');
  world.disk.rename('/root/e/b.log', '/root/e/b.txt');
  await world.pass(1_000);
  expect(world.takeEvents().sort()).toEqual(['create e/b.txt', 'delete e/a.txt']);
});

test('A root that is not recursive has its own entries only.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/f');
  await world.watch({ recursive: false });
  world.disk.write('/root/d/f');
  world.disk.write('/root/g');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual(['create d', 'create g']);
});

test('The data directory is never entered nor recorded, at any depth and after any move.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/data', 'dir');
  world.disk.create('/root/d/data/ledger.db');
  const { ino } = world.disk.find('/root/d/data')!;
  await world.watch({ deny: [{ dev: 7n, ino }] });
  expect(world.takeEvents()).toEqual(['create d']);
  world.disk.rename('/root/d/data', '/root/elsewhere');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual([]);
});

test('A root inside the data directory is refused.', async () => {
  world.disk.create('/root/in', 'dir');
  const { ino } = world.disk.find('/root')!;
  const options = { ...ROOT_OPTIONS, deny: [{ dev: 7n, ino }] };
  world.host.receive({ type: 'watch', root: 1, path: bytePathFromUtf8('/root/in'), options });
  world.host.receive({ type: 'index', root: 1, page: packIndex([]).bytes, done: true });
  expect(world.of('failed')).toMatchObject([{ code: 'CODI_PATH_DENIED' }]);
});

test('When native watching fails the root is polled, says why, and goes back to native watching later.', async () => {
  await world.watch();
  world.hints[0]!.trouble('no more watches');
  await world.pass(2_000);
  expect(world.of('rootStatus').at(-1)).toMatchObject({
    mode: 'poll',
    hintSource: 'none',
    reason: 'no more watches',
  });
  world.disk.create('/root/f');
  await world.pass(6_000);
  expect(world.events.splice(0)).toMatchObject([{ event: 'create', path: 'f', seen: 'poll' }]);
  await world.pass(62_000);
  await world.pass(2_000);
  expect(world.of('rootStatus').at(-1)).toMatchObject({ mode: 'native', hintSource: 'fs' });
  world.disk.create('/root/g');
  await world.pass(20);
  expect(world.events.splice(0)).toMatchObject([{ path: 'g', seen: 'native' }]);
});

test('After a flood of hints, after lost ones and after a standstill everything is swept.', async () => {
  fill(4_100);
  await world.watch();
  world.takeEvents();
  const lose = (path: string) => {
    world.disk.create(path);
    world.deliver(Infinity, () => true);
  };
  lose('/root/a');
  for (let index = 0; index < 4_100; index++) world.disk.chmod(`/root/f${index}`);
  await world.pass(8_000);
  expect(world.takeEvents().filter((line) => line.startsWith('create'))).toEqual(['create a']);
  lose('/root/b');
  world.hints[0]!.lost();
  await world.pass(8_000);
  expect(world.takeEvents()).toEqual(['create b']);
  expect(world.of('counters').at(-1)).toMatchObject({ suspectedOverflows: 2 });
  lose('/root/c');
  world.clock.standStill(5_000);
  await world.pass(8_000);
  expect(world.takeEvents()).toEqual(['create c']);
});

test('Hints beyond the bound are collapsed and counted, and nothing is missed.', async () => {
  await world.watch();
  world.isAcking = false;
  for (let index = 0; index < 6_000; index++) world.disk.create(`/root/first${index}`);
  await world.pass(1_000);
  for (let index = 0; index < 25_000; index++) world.disk.create(`/root/f${index}`);
  await world.pass(1_000);
  world.isAcking = true;
  world.ack();
  await world.pass(20_000);
  expect(world.index()).toEqual(world.walk());
  expect(world.folded()).toEqual(world.walk());
  expect(world.of('counters').at(-1)!.hintsCollapsed).toBeGreaterThan(0);
});

test('A directory that cannot be read keeps what is recorded of it and is looked at again.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/f');
  await world.watch();
  world.takeEvents();
  world.disk.find('/root/d')!.isReadable = false;
  world.disk.create('/root/d/g');
  world.deliver(Infinity, () => true);
  world.sync(1);
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual([]);
  world.disk.find('/root/d')!.isReadable = true;
  world.sync(2);
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual(['create d/g']);
});

test('A directory that becomes readable again is looked through, with all below it.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/e', 'dir');
  await world.watch();
  const { onChange } = world.disk;
  world.disk.onChange = () => {};
  world.disk.create('/root/d/e/unseen');
  world.disk.onChange = onChange;
  world.disk.chmod('/root/d');
  await world.pass(1_000);
  expect(world.index()).toEqual(world.walk());
});

test('A long sweep of one root does not hold up the hints of another.', async () => {
  await world.watch();
  world.disk.create('/big', 'dir');
  for (let index = 0; index < 20_000; index++) world.disk.create(`/big/f${index}`);
  const path = bytePathFromUtf8('/big');
  world.host.receive({ type: 'watch', root: 2, path, options: ROOT_OPTIONS });
  world.host.receive({ type: 'index', root: 2, page: packIndex([]).bytes, done: true });
  await promisesRun();
  world.disk.create('/root/small');
  world.deliver();
  while (!world.index().has('small')) world.clock.turn();
  expect(world.host.root(2)!.index.length).toBeLessThan(20_000);
});

test('After unwatch nothing is told any more.', async () => {
  await world.watch();
  world.host.receive({ type: 'unwatch', root: 1 });
  const told = world.messages.length;
  world.disk.create('/root/f');
  await world.pass(10_000);
  expect(world.messages.filter(({ type }) => type !== 'vitals')).toHaveLength(told);
  expect(world.events).toEqual([]);
});
