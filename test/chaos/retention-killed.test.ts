// Given a daemon whose ledger is past its size limit, so that it archives all the time. Break: it is killed with
// SIGKILL again and again while entries arrive and old ones are archived. Expect after: everything accepted is in
// the tables or in a segment, once, and every segment verifies.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { ArchiveSegment } from '#codi/workers/storage/archive/archive-segment.js';
import { verifySegment } from '#codi/workers/storage/archive/verify-segment.js';
import { readSegments } from '#codi/workers/storage/archive/segment-table.js';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';

const ROUNDS = 6;
const LANES = 4;
const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '1s',
  CODI_STORAGE_GROUP_BYTES: '4KiB',
};

const place = newPlace();
let daemon: RunningDaemon | undefined;
afterEach(async () => {
  await daemon?.kill().catch(() => undefined);
  place.remove();
});

const segmentFiles = () => {
  try {
    return readdirSync(join(place.dataDir, 'archive')).filter((name) => name.endsWith('.gz'));
  } catch {
    return [];
  }
};

/** One entry after the other, so that there are many blocks, until the daemon is gone. */
async function write(client: MonitorClient, name: string, accepted: string[]): Promise<void> {
  for (let number = 0; ; number++) {
    const message = `${name} ${number} ${'x'.repeat(2_000)}`;
    const isTaken = await client.log({ level: 'Info', component: 'load', message }).then(
      () => true,
      () => false,
    );
    if (!isTaken) return;
    accepted.push(message);
  }
}

test('entries answered Accepted survive kills in the middle of archiving', async () => {
  const accepted: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    daemon = await startDaemon(place, [], { env });
    const before = segmentFiles().length;
    const client = await daemon.client({ deadlineMs: 2_000 });
    for (let lane = 0; lane < LANES; lane++) void write(client, `${round} ${lane}`, accepted);
    await eventually('a new segment', () => segmentFiles().length > before + (round % 3), 60_000);
    await daemon.kill();
    await client.close();
  }
  daemon = await startDaemon(place, [], { env });
  expect(await daemon.stop()).toBe(0);

  const database = new Database(join(place.dataDir, 'ledger.db'), { readonly: true });
  const stored = new Map<string, number>();
  const count = (message: string) => stored.set(message, (stored.get(message) ?? 0) + 1);
  const segments = readSegments(database);
  // Rows of a recorded segment may still be leaving: the segment has them.
  const lastArchived = Math.max(...segments.map(({ lastLog }) => lastLog ?? 0));
  const live = database.prepare('SELECT message FROM logs WHERE id > ?').pluck();
  for (const message of live.iterate(lastArchived)) count(message as string);
  const leaf = database.prepare('SELECT leaf FROM blocks WHERE n = ?').pluck();
  expect(segments.length).toBeGreaterThan(ROUNDS);
  for (const { file } of segments) {
    const path = join(place.dataDir, 'archive', file!);
    expect(verifySegment(path, (n) => leaf.get(n) as Buffer)).toMatchObject({ ok: true });
    const segment = ArchiveSegment.open(path);
    for (const { rows } of segment.blocks())
      for (const { stream, row } of rows) if (stream === 1) count(row['message'] as string);
    segment.close();
  }
  expect(verifyLastBlocks(database, 'ledger', 1_000_000)).toMatchObject({ ok: true });
  database.close();
  expect(accepted.filter((message) => !stored.has(message))).toEqual([]);
  expect([...stored].filter(([, times]) => times > 1)).toEqual([]);
  expect(accepted.length).toBeGreaterThan(0);
}, 240_000);
