// Given a daemon that was killed, with a write-ahead log. Break: a frame of the log is altered, or its header; the log
// is cut off, or taken away. Expect at the next start: SQLite would go on as if the entries behind had never been;
// codi finds them where their bytes are, and names the rest.
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, test } from 'vitest';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { commitEnds, currentFrames, damagePage, flipByte } from '../support/damaged-store.ts';

const FRAMES_MIN = 60;

let world: DamagedDaemon;
beforeEach(async () => {
  // So that the log is not begun anew after a few entries.
  world = new DamagedDaemon({ CODI_STORAGE_CHECKPOINT_INTERVAL: '10s' });
  await world.start();
  const log = world.path('ledger.db-wal');
  do await world.write(50);
  while (currentFrames(log).length < FRAMES_MIN);
  // What nobody signed nobody would miss.
  await world.signed();
  await world.daemon!.kill();
});
afterEach(() => world.end());

test('Behind a frame in the middle of the log that does not hold everything is found.', async () => {
  const log = world.path('ledger.db-wal');
  const frames = currentFrames(log);
  flipByte(log, frames[frames.length >> 1]! + 1_000);
  await world.start();
  await world.expectService({ lostMax: 2 });
}, 180_000);

test('A log whose header does not hold is read all the same.', async () => {
  damagePage(world.path('ledger.db-wal'), 1, (bytes) => bytes.fill(0, 0, 32));
  await world.start();
  await world.expectService({ lostMax: 0 });
}, 180_000);

// What a checkpoint leaves before the log is begun anew: all is in the database, and the log stands in front of it.
test('A log that ends between two transactions hides nothing of what was carried over.', async () => {
  const log = world.path('ledger.db-wal');
  const bytes = readFileSync(log);
  const ends = commitEnds(log);
  const database = new Database(world.path('ledger.db'));
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  writeFileSync(log, bytes.subarray(0, ends[ends.length >> 1]));
  await world.start();
  await world.expectService({ lostMax: 0 });
}, 180_000);

test.each(['cut off', 'gone'])(
  'What was in a log that is %s is named.',
  async (how) => {
    const log = world.path('ledger.db-wal');
    const database = world.path('ledger.db');
    if (how === 'gone') rmSync(log);
    else truncateSync(log, currentFrames(log)[FRAMES_MIN / 2]!);
    // What of it was carried over meanwhile is taken back, too: half of all pages.
    truncateSync(database, Math.floor(statSync(database).size / 8_192) * 4_096);
    await world.start();
    await world.verify('ledger');
    await world.expectService({ lostMax: world.acknowledged.size });
  },
  180_000,
);
