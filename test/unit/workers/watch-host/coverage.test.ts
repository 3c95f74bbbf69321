import { beforeEach, expect, test } from 'vitest';
import { NO_READ_AHEAD } from '#codi/workers/watch-host/ahead-slots.js';
import type { HostVitals, RootOptions } from '#codi/workers/watch-host/watch-host.messages.js';
import { WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;
beforeEach(() => {
  world = new WatchWorld();
});

/** More than the interval of audits, and the next report of vitals. */
const AN_AUDIT_MS = 40_000;

function lose(path: string): void {
  world.hints.at(-1)!.deaf.add(world.disk.find(path as never)!);
}

const vitals = (): HostVitals => world.of('vitals').at(-1)!;
const doubts = () =>
  world.of('doubt').map(({ reason, isOpen, directories }) => ({ reason, isOpen, directories }));

/** In steps, because lists are read asynchronously. */
async function pass(byMs: number): Promise<void> {
  for (let leftMs = byMs; leftMs >= 0; leftMs -= 1_000) await world.pass(Math.min(leftMs, 1_000));
}

async function limits(coverageIntervalMs = 30_000): Promise<void> {
  world.host.receive({
    type: 'limits',
    limits: {
      ...{ hosts: 1, watchSharePercent: 100, watchesCount: 1_000_000 },
      ...{ coverageIntervalMs, readAhead: NO_READ_AHEAD },
    },
  });
  await pass(0);
}

test('A directory whose watch is gone is found, watched anew, looked through and counted.', async () => {
  world.disk.create('/root/a', 'dir');
  world.disk.create('/root/a/b', 'dir');
  await world.watch();
  lose('/root/a/b');
  world.disk.create('/root/a/b/f');
  world.disk.create('/root/a/b/c', 'dir');
  await pass(5_000);
  world.takeEvents();
  await pass(AN_AUDIT_MS);
  expect(world.takeEvents().sort()).toEqual(['create a/b/c', 'create a/b/f']);
  expect(doubts()).toEqual([
    { reason: 'blind_directories', isOpen: true, directories: 1 },
    { reason: 'blind_directories', isOpen: false, directories: 1 },
  ]);
  expect(vitals()).toMatchObject({ blindDirectories: 1, repairedDirectories: 1, watches: 4 });
  await pass(AN_AUDIT_MS);
  expect(vitals()).toMatchObject({ blindDirectories: 0, repairedDirectories: 1 });
  world.disk.create('/root/a/b/g');
  await pass(1_000);
  expect(world.takeEvents()).toEqual(['create a/b/g']);
});

test('While all is well an audit does nothing but count.', async () => {
  for (let index = 0; index < 300; index++) world.disk.create(`/root/d${index}`, 'dir');
  await world.watch();
  await pass(2 * AN_AUDIT_MS);
  expect(world.of('doubt')).toEqual([]);
  expect(vitals()).toMatchObject({
    ...{ watches: 301, instances: 1, blindDirectories: 0, leakedWatches: 0 },
    watchesLimit: 500_000,
  });
});

test('Also the only directory of a device can be blind.', async () => {
  await world.watch();
  lose('/root');
  await pass(AN_AUDIT_MS);
  expect(vitals()).toMatchObject({ blindDirectories: 1, repairedDirectories: 1 });
});

test('Watches that nobody wants are counted once they were there twice.', async () => {
  await world.watch();
  world.strayInodes.add(999n);
  await pass(AN_AUDIT_MS);
  expect(vitals()).toMatchObject({ leakedWatches: 0 });
  await pass(AN_AUDIT_MS);
  expect(vitals()).toMatchObject({ leakedWatches: 1 });
});

test('A file system whose numbers the kernel lists otherwise is not taken for blind again and again.', async () => {
  world.disk.create('/root/a', 'dir');
  await world.watch();
  world.isListing = false;
  await pass(3 * AN_AUDIT_MS);
  expect(world.of('doubt').length).toBeLessThanOrEqual(2);
  expect(vitals().repairedDirectories).toBe(0);
});

test('Directories that no watch is left for are polled, the others are not.', async () => {
  world.systemWatches = 3;
  await limits();
  for (const name of ['a', 'b', 'c', 'd']) world.disk.create(`/root/${name}`, 'dir');
  await world.watch();
  const status = world.of('watching').at(-1)!;
  expect(status).toMatchObject({ mode: 'native', hintSource: 'fs', polledDirectories: 2 });
  expect(status.reason).toBe('no watches left');
  expect(doubts()).toEqual([{ reason: 'watches_exhausted', isOpen: true, directories: 1 }]);
  for (const name of ['a', 'b', 'c', 'd']) world.disk.create(`/root/${name}/f`);
  await pass(1_000);
  expect(world.events.map(({ seen }) => seen).filter((seen) => seen === 'native')).toHaveLength(2);
  await pass(6_000);
  expect(world.folded()).toEqual(world.walk());
  expect(world.events.filter(({ seen }) => seen === 'poll')).toHaveLength(2);
  // New directories below a polled one are polled as well.
  for (const name of ['a', 'b', 'c', 'd']) world.disk.create(`/root/${name}/e`, 'dir');
  await pass(12_000);
  for (const name of ['a', 'b', 'c', 'd']) world.disk.create(`/root/${name}/e/f`);
  await pass(12_000);
  expect(world.folded()).toEqual(world.walk());
  expect(world.host.root(1)!.keeper!.shortage.size).toBe(6);
});

test('When watches are there again the polled directories are watched, and the doubt ends.', async () => {
  world.systemWatches = 2;
  await limits();
  for (const name of ['a', 'b', 'c', 'd']) world.disk.create(`/root/${name}`, 'dir');
  await world.watch();
  await pass(30_000);
  world.systemWatches = 100;
  await pass(60_000);
  expect(world.of('rootStatus').at(-1)).toMatchObject({ mode: 'native', polledDirectories: 0 });
  expect(world.of('rootStatus').at(-1)!.reason).toBeUndefined();
  expect(doubts().at(-1)).toEqual({ reason: 'watches_exhausted', isOpen: false, directories: 0 });
  world.takeEvents();
  for (const name of ['a', 'b', 'c', 'd']) world.disk.create(`/root/${name}/g`);
  await pass(1_000);
  expect(world.takeEvents()).toHaveLength(4);
});

test('Without a single watch the root is polled as a whole, and watched a minute after there are some.', async () => {
  world.systemWatches = 0;
  await limits();
  world.disk.create('/root/a', 'dir');
  await world.watch();
  expect(world.of('watching').at(-1)).toMatchObject({ mode: 'poll', reason: 'no watches left' });
  world.disk.create('/root/a/f');
  await pass(6_000);
  expect(world.folded()).toEqual(world.walk());
  world.systemWatches = 100;
  await pass(61_000);
  expect(world.of('rootStatus').at(-1)).toMatchObject({ mode: 'native' });
  expect(doubts()).toMatchObject([{ isOpen: true }, { isOpen: false }]);
});

/** Nothing is told of a pair of changes that a recursive watcher folds into none. */
async function replaceAndRemove(options: Partial<RootOptions>): Promise<string[]> {
  world.disk.create('/root/a', 'dir');
  world.disk.create('/root/a/f');
  world.disk.create('/root/quiet', 'dir');
  await world.watch(options);
  await pass(AN_AUDIT_MS);
  world.takeEvents();
  const directory = world.disk.find('/root/a' as never)!;
  world.hints.at(-1)!.silent.add(directory);
  world.disk.create('/root/new');
  world.disk.rename('/root/new', '/root/a/f');
  world.disk.remove('/root/a/f');
  world.hints.at(-1)!.silent.delete(directory);
  await pass(AN_AUDIT_MS);
  return world.takeEvents();
}

test('What a recursive watcher folds away is found by the next audit, and no doubt is told.', async () => {
  expect(await replaceAndRemove({ hintSource: 'parcel' })).toEqual(['delete a/f']);
  expect(doubts()).toEqual([]);
  expect(world.of('vitals').at(-1)).toMatchObject({ blindDirectories: 0 });
});

test('Where each directory has its own watch an audit looks at no times.', async () => {
  expect(await replaceAndRemove({ hintSource: 'fs' })).toEqual([]);
});
