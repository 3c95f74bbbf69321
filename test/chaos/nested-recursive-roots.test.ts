// Given two recursive roots in one watch host, one in the other, each with more folders than its budget. The kernel lists
// what the process watches, not for whom. Expect: the second does not take the watches of the first for its own; its
// folders are watched one by one, and what moves from one to the other, or changes there, is seen by hints.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';

const BUDGET = 20;
const WITHIN_MS = 20_000;
const place = newPlace();
const outer = join(place.home, 'outer');
const inner = join(outer, 'inner');
let daemon: RunningDaemon;

beforeAll(async () => {
  for (let index = 0; index < 2 * BUDGET; index++)
    for (const root of [outer, inner])
      mkdirSync(join(root, `d${index}`, 'deep'), { recursive: true });
  daemon = await startDaemon(place, [outer], {
    env: {
      CODI_MONITOR_HOSTS: '1',
      CODI_MONITOR_DIRECTORY_BUDGET: String(BUDGET),
      CODI_MONITOR_SCAN_INTERVAL: '1d',
      CODI_MONITOR_COVERAGE_INTERVAL: '1h',
    },
  });
});
afterAll(async () => {
  await daemon.stop();
  place.remove();
});

const rows = async (...args: string[]) =>
  (await runAt(place, ...args, '--json')).json() as Record<string, string | number>[];

async function isWatched(path: string, wanted: Record<string, string>): Promise<void> {
  const look = async () => (await rows('watch', 'ls')).find((root) => root['path'] === path);
  const isAsWanted = (root: Record<string, string | number> = {}) =>
    Object.entries({ ...wanted, state: 'watching' }).every(([key, value]) => root[key] === value);
  await eventually(`${path} watched`, async () => isAsWanted(await look()), WITHIN_MS);
  expect(await look()).toMatchObject({ ...wanted, host: 'parcel-1', mode: 'native' });
}

/** Waits until hints, and nothing else, had a new file recorded. */
async function isSeen(root: string, path: string): Promise<void> {
  writeFileSync(join(root, path), 'x');
  const event = async () =>
    (await rows('events', '--root', root)).findLast((row) => row['path'] === path);
  const found = await eventually(`${path} recorded`, event, WITHIN_MS);
  expect(found['seen'], path).toBe('native');
}

test('The watches of another root of the host are not taken for those of a recursive one', async () => {
  await isWatched(outer, { hint_source: 'parcel' });
  await runAt(place, 'watch', 'add', inner);
  await isWatched(inner, { hint_source: 'fs' });
  await isSeen(inner, 'd7/deep/new');
  renameSync(join(outer, 'd3'), join(inner, 'moved'));
  await isSeen(inner, 'moved/deep/new');
  await isSeen(outer, 'd7/deep/new');
  expect((await runAt(place, 'sync')).exitCode).toBe(0);
  await isWatched(outer, { hint_source: 'parcel' });
  await isWatched(inner, { hint_source: 'fs' });
}, 90_000);
