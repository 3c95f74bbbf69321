// Given a daemon whose storage was stopped and left a write-ahead log, as after a close that failed. Break: a frame in
// the middle of the log is altered before the storage comes back. Expect: its writer meets it first. Whoever else
// opened it would see half of the entries, sign that as all there are, and remove the rest of the log when it closes.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'vitest';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { currentFrames, flipByte } from '../support/damaged-store.ts';
import { eventually } from '../support/deadline.ts';

const STORAGE = 'core/storage';
const FRAMES_MIN = 60;

let world: DamagedDaemon;
beforeEach(() => {
  // So that the log is not begun anew after a few entries.
  world = new DamagedDaemon({ CODI_STORAGE_CHECKPOINT_INTERVAL: '10s' });
});
afterEach(() => world.end());

test('A log that is damaged while the storage is stopped is healed before anybody else opens it.', async () => {
  await world.start();
  const [database, log] = [world.path('ledger.db'), world.path('ledger.db-wal')];
  do await world.write(50);
  while (currentFrames(log).length < FRAMES_MIN);
  await world.signed();
  const kept = [database, log].map((path) => [path, readFileSync(path)] as const);
  const debug = await world.daemon!.debug();
  const why = () => debug.call('why', { path: STORAGE });
  await debug.call('stop', { path: STORAGE });
  await eventually('the storage to be stopped', async () => (await why()).state === 'stopped');
  for (const [path, bytes] of kept) writeFileSync(path, bytes);
  rmSync(`${database}-shm`, { force: true });
  const frames = currentFrames(log);
  flipByte(log, frames[frames.length >> 1]! + 1_000);
  await debug.call('restart', { path: STORAGE });
  await eventually('the storage to be back', async () => (await why()).is_running);
  debug.close();
  await world.expectService({ lostMax: 2 });
}, 180_000);
