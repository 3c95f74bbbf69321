import { beforeEach, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { ROOT_OPTIONS, WatchWorld } from '../../../support/watch-world.ts';
import { packIndex } from '#codi/protocol/index-page.js';

const DIRECTORIES = 300;
const FILES = 10;
const ENTRIES = DIRECTORIES * (FILES + 1);
/** Looks and listings of a sweep, each directory being looked at once more before it is listed. */
const LOOKS = ENTRIES + DIRECTORIES;
const LIMITS = { looksCount: 16, aboveMs: 0.06 };

let world: WatchWorld;
beforeEach(() => {
  world = new WatchWorld();
  world.limitReadAhead(LIMITS);
  fill('/root', DIRECTORIES);
});

function fill(root: string, directories: number): void {
  for (let directory = 0; directory < directories; directory++) {
    const path = `${root}/d${directory}`;
    world.disk.create(path, 'dir');
    for (let file = 0; file < FILES; file++) world.disk.create(`${path}/f${file}`);
  }
}

/** How long the first look took, in milliseconds of the pretended clock. */
const tookMs = (root = 1) =>
  world.of('watching').find((message) => message.root === root)?.durationMs;

/** Lets time go by until so much was asked for. */
function untilAsked(count: number): void {
  for (let rounds = 0; world.cold.ahead.length < count && rounds < 10_000; rounds++)
    world.clock.advance(1);
}

async function watched(): Promise<void> {
  await world.watch();
  for (let round = 0; tookMs() === undefined && round < 100; round++) await world.pass(1_000);
  expect(world.index()).toEqual(world.walk());
}

test('On a slow disk a sweep finds nearly all it looks at in the caches, and is many times as quick.', async () => {
  world.cold.delayMs = 1;
  await watched();
  // It takes a while until it is clear that looks are slow.
  expect(world.cold.slowLooks).toBeLessThan(LOOKS / 4);
  expect(tookMs()).toBeLessThan(LOOKS / 3);
  expect(world.cold.ahead.length).toBeGreaterThan(LOOKS / 2);
  expect(world.cold.mostUnderWay).toBe(LIMITS.looksCount);
});

test('With a limit of 0 it waits for each.', async () => {
  world.limitReadAhead({ ...LIMITS, looksCount: 0 });
  world.cold.delayMs = 1;
  await watched();
  expect(world.cold.ahead).toEqual([]);
  expect(world.cold.slowLooks).toBeGreaterThan(LOOKS - DIRECTORIES);
  expect(tookMs()).toBeGreaterThan(LOOKS - DIRECTORIES);
});

test('Of a disk that is quick nothing is asked ahead.', async () => {
  await watched();
  expect(world.cold.ahead).toEqual([]);
});

test('Where listings alone are slow, only they are asked for, each once.', async () => {
  world.cold.delayMs = 1;
  world.cold.areEntriesQuick = true;
  await watched();
  const { ahead } = world.cold;
  expect(ahead.length).toBeGreaterThan(DIRECTORIES / 2);
  expect(ahead.filter((what) => !what.endsWith('/'))).toEqual([]);
  expect(new Set(ahead).size).toBe(ahead.length);
  expect(world.cold.slowLooks).toBeLessThan(DIRECTORIES / 2);
});

test('It goes the way the sweep goes, and not far ahead of it.', async () => {
  world.limitReadAhead({ ...LIMITS, aboveMs: 0 });
  world.cold.delayMs = 1;
  await watched();
  // The last directory of a listing is entered first.
  const listings = world.cold.ahead.filter((what) => what.endsWith('/'));
  const last = listings.indexOf(`/root/d${DIRECTORIES - 1}/`);
  const first = listings.indexOf('/root/d0/');
  expect(last).toBeGreaterThanOrEqual(0);
  expect(first - last).toBeGreaterThan(DIRECTORIES / 2);
});

test('When everything turns out to be in the caches, it ends soon and begins again when that changes.', async () => {
  world.cold.delayMs = 1;
  fill('/root/d0', 1_000);
  await world.watch();
  untilAsked(500);
  world.cold.delayMs = 0;
  for (let round = 0; tookMs() === undefined && round < 100; round++) await world.pass(1_000);
  expect(world.cold.ahead.length).toBeLessThan(4_000);
  fill('/root/d1', 1_000);
  const before = world.cold.ahead.length;
  world.cold.delayMs = 1;
  world.sync(1);
  for (let round = 0; world.of('synced').length === 0 && round < 100; round++)
    await world.pass(1_000);
  expect(world.cold.ahead.length).toBeGreaterThan(before + 4_000);
});

test('Where the system keeps nothing, it is given up, and not tried again with the next sweep.', async () => {
  world.cold.delayMs = 1;
  world.cold.isCaching = false;
  fill('/root/d0', 1_000);
  await watched();
  expect(world.cold.ahead.length).toBeGreaterThan(0);
  expect(world.cold.ahead.length).toBeLessThan(3_000);
  const asked = world.cold.ahead.length;
  world.sync(1);
  for (let round = 0; world.of('synced').length === 0 && round < 100; round++)
    await world.pass(1_000);
  expect(world.of('synced')).toHaveLength(1);
  expect(world.cold.ahead).toHaveLength(asked);
});

test('When looks ahead never come back, the sweep goes on alone after three seconds.', async () => {
  world.cold.delayMs = 1;
  world.cold.isAnswering = false;
  await watched();
  expect(world.cold.ahead).toHaveLength(LIMITS.looksCount);
  expect(tookMs()).toBeGreaterThan(3_000);
  expect(tookMs()).toBeLessThan(LOOKS + 4_000);
  expect(world.host.isLookingAhead).toBe(true);
});

test('When looks ahead fail, the sweep finds out by itself.', async () => {
  world.cold.delayMs = 1;
  world.disk.find('/root/d3')!.isReadable = false;
  await world.watch();
  for (let round = 0; tookMs() === undefined && round < 100; round++) await world.pass(1_000);
  expect(world.index().size).toBe(ENTRIES - FILES);
});

test('A root that is not watched any more asks for nothing more.', async () => {
  world.cold.delayMs = 1;
  await world.watch();
  untilAsked(100);
  world.host.receive({ type: 'unwatch', root: 1 });
  const asked = world.cold.ahead.length;
  await world.pass(1_000);
  expect(world.cold.ahead).toHaveLength(asked);
  expect(world.cold.underWay).toBe(0);
  expect(world.host.isLookingAhead).toBe(false);
});

test('Roots that look ahead at the same time stay within the limit together.', async () => {
  world.disk.create('/other', 'dir');
  fill('/other', DIRECTORIES);
  world.cold.delayMs = 1;
  for (const [root, path] of [
    [1, '/root'],
    [2, '/other'],
  ] as const) {
    const options = { ...ROOT_OPTIONS };
    world.host.receive({ type: 'watch', root, path: bytePathFromUtf8(path), options });
    world.host.receive({ type: 'index', root, page: packIndex([]).bytes, done: true });
  }
  for (let round = 0; (!tookMs(1) || !tookMs(2)) && round < 100; round++) await world.pass(100);
  expect(world.cold.mostUnderWay).toBe(LIMITS.looksCount);
  for (const root of ['/root/', '/other/'])
    expect(world.cold.ahead.filter((what) => what.startsWith(root)).length).toBeGreaterThan(1_000);
});

test('What is ignored, and other file systems below the root, are left alone.', async () => {
  world.limitReadAhead({ ...LIMITS, aboveMs: 0 });
  for (const name of ['node_modules', 'far']) {
    world.disk.create(`/root/${name}`, 'dir');
    fill(`/root/${name}`, 3);
  }
  world.cold.mounts.set('/root/far', 8n);
  await world.watch();
  const below = (path: string) => world.cold.ahead.filter((what) => what.startsWith(path));
  expect(below('/root/d')).not.toEqual([]);
  expect(below('/root/node_modules')).toEqual([]);
  expect(below('/root/far/')).toEqual([]);
});

test('What has taken the place of a directory is not listed.', async () => {
  world.limitReadAhead({ ...LIMITS, aboveMs: 0 });
  world.cold.delayMs = 1;
  await world.watch();
  untilAsked(100);
  const listed = () => world.cold.ahead.filter((what) => /d\d+\/$/.test(what)).length;
  const before = listed();
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    world.disk.remove(`/root/d${directory}`);
    world.disk.create(`/root/d${directory}`, 'symlink');
  }
  for (let round = 0; tookMs() === undefined && round < 100; round++) await world.pass(1_000);
  expect([listed(), before < DIRECTORIES]).toEqual([before, true]);
});

test('It counts what it asked for, and says how long looks take.', async () => {
  world.cold.delayMs = 0.25;
  await watched();
  await world.pass(10_000);
  expect(world.of('counters').at(-1)!.looksAhead).toBe(world.cold.ahead.length);
  expect(world.of('vitals').at(-1)!.lookMs).toBeGreaterThan(0);
});
