// Case 17 of the known ways in which watchers fail: roots with a recursive watcher hold up whatever shares a process
// with them. They have hosts of their own, which nobody else waits for and whose end touches nobody else.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { hostPids } from '../support/host-pids.ts';

const BUDGET = 20;
const WITHIN_MS = 20_000;
const place = newPlace();
const at = (name: string) => join(place.home, name);
let daemon: RunningDaemon;

beforeAll(async () => {
  mkdirSync(at('canary'));
  daemon = await startDaemon(place, [at('canary')], {
    env: { CODI_MONITOR_DIRECTORY_BUDGET: String(BUDGET), CODI_MONITOR_SCAN_INTERVAL: '1d' },
  });
});
afterAll(async () => {
  await daemon.stop();
  place.remove();
});

function makeFolders(root: string, count: number, prefix = 'd'): void {
  for (let index = 0; index < count; index++)
    mkdirSync(join(root, `${prefix}${index}`), { recursive: true });
}

const rows = async (...args: string[]) =>
  (await runAt(place, ...args, '--json')).json() as Record<string, string | number>[];
const root = async (name: string) =>
  (await rows('watch', 'ls')).find(({ path }) => path === at(name))!;
const gapsOf = async (name: string) =>
  (await rows('watch', 'gaps')).filter(
    // A busy machine may stop any process for a while.
    (gap) => gap['root'] === at(name) && gap['reason'] !== 'host_stalled',
  );
const hosts = async () => Object.keys(await hostPids(place)).sort();
const isWatching = async (name: string) => (await root(name))['state'] === 'watching';
/** The count is told once a second. */
const hasFiles = (name: string, files: number) =>
  eventually(`${files} files`, async () => (await root(name))['files'] === files, WITHIN_MS);
const add = (name: string) => runAt(place, 'watch', 'add', at(name));

/** Writes a file and waits until hints, and nothing else, had it recorded. */
async function isSeen(root: string, path: string): Promise<void> {
  writeFileSync(join(at(root), path), 'x');
  const event = async () =>
    (await rows('events', '--root', at(root))).findLast((row) => row['path'] === path);
  await eventually(`${root}/${path} is recorded`, async () => !!(await event()), WITHIN_MS);
  expect((await event())!['seen']).toBe('native');
}

test('While a recursive watcher begins and crawls, or stands still, others do not wait for it.', async () => {
  makeFolders(at('large'), 2 * BUDGET);
  expect(await hosts()).toEqual(['host-1']);
  await add('large');
  await eventually(
    'its host is there',
    async () => (await hosts()).includes('parcel-1'),
    WITHIN_MS,
  );
  const { 'parcel-1': pid } = await hostPids(place);
  process.kill(pid!, 'SIGSTOP');
  await isSeen('canary', 'while-it-crawls');
  process.kill(pid!, 'SIGCONT');
  await eventually('it is watched', () => isWatching('large'), WITHIN_MS);
  expect(await root('large')).toMatchObject({ host: 'parcel-1', hint_source: 'parcel' });
  process.kill(pid!, 'SIGSTOP');
  for (let index = 0; index < 1_000; index++)
    writeFileSync(join(at('large'), `d${index % 10}`, `f${index}`), 'x');
  await isSeen('canary', 'while-it-storms');
  const isHeld = (await rows('events', '--root', at('large'))).some(({ path }) =>
    String(path).includes('/f'),
  );
  expect(isHeld).toBe(false);
  process.kill(pid!, 'SIGCONT');
  expect((await runAt(place, 'sync', at('large'))).exitCode).toBe(0);
  await hasFiles('large', 1_000);
  expect(await root('canary')).toMatchObject({ host: 'host-1', hint_source: 'fs' });
  expect(await gapsOf('canary')).toEqual([]);
});

test('The end of a recursive host is a gap of its own roots only.', async () => {
  const { 'parcel-1': pid } = await hostPids(place);
  process.kill(pid!, 'SIGKILL');
  await eventually('the gap', async () => (await gapsOf('large')).length > 0, WITHIN_MS);
  writeFileSync(join(at('large'), 'd0', 'meanwhile'), 'x');
  await isSeen('canary', 'meanwhile');
  await eventually('it is watched again', () => isWatching('large'), WITHIN_MS);
  expect((await runAt(place, 'sync', at('large'))).exitCode).toBe(0);
  expect((await gapsOf('large')).map(({ reason }) => reason)).toContain('host_crashed');
  await hasFiles('large', 1_001);
  expect(await gapsOf('canary')).toEqual([]);
});

test('A root that grows beyond its budget moves, with a gap until it is looked through; nothing is missed.', async () => {
  mkdirSync(at('growing'));
  await add('growing');
  await eventually('it is watched', () => isWatching('growing'), WITHIN_MS);
  expect(await gapsOf('growing')).toEqual([]);
  makeFolders(at('growing'), 2 * BUDGET);
  for (let index = 0; index < 2 * BUDGET; index++)
    writeFileSync(join(at('growing'), `d${index}`, 'f'), 'x');
  const isThere = async () => (await root('growing'))['hint_source'] === 'parcel';
  await eventually(
    'it has moved',
    async () => (await isThere()) && isWatching('growing'),
    WITHIN_MS,
  );
  expect(await root('growing')).toMatchObject({ host: 'parcel-2' });
  await hasFiles('growing', 2 * BUDGET);
  const isClosed = async () =>
    (await gapsOf('growing')).every(({ closed }) => closed !== undefined);
  await eventually('the gap is closed', isClosed, WITHIN_MS);
  expect((await gapsOf('growing')).map(({ reason }) => reason)).toEqual(['hints_replaced']);
  await isSeen('growing', 'd1/g');
});

test('A recursive host ends with its last root, and a root that was large before begins there at once.', async () => {
  await runAt(place, 'watch', 'rm', at('growing'));
  expect(await hosts()).toEqual(['host-1', 'parcel-1']);
  await runAt(place, 'watch', 'rm', at('large'));
  expect(await hosts()).toEqual(['host-1']);
  await add('large');
  await eventually('it is watched', () => isWatching('large'), WITHIN_MS);
  expect(await root('large')).toMatchObject({ host: 'parcel-1', files: 1_001 });
  expect((await gapsOf('large')).map(({ reason }) => reason)).not.toContain('watcher_restarted');
});

test('A recursive root in another one has another host, so that each knows what it watches.', async () => {
  for (const name of ['outer', 'other', 'outer/inner']) makeFolders(at(name), 2 * BUDGET);
  for (const name of ['outer', 'other', 'outer/inner']) {
    await add(name);
    const isThere = async () => (await root(name))['hint_source'] === 'parcel';
    await eventually('it is watched', async () => (await isThere()) && isWatching(name), WITHIN_MS);
  }
  expect(await root('outer')).toMatchObject({ host: 'parcel-2' });
  expect(await root('other')).toMatchObject({ host: 'parcel-1' });
  expect(await root('outer/inner')).toMatchObject({ host: 'parcel-1' });
  await isSeen('outer/inner', 'd1/f');
});
