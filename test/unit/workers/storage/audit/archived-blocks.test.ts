// A check that goes on while retention moves what it checks, and what follows from entries that have moved.
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  chainStart,
  verifyPiece,
  type ChainPosition,
} from '#codi/workers/storage/audit/verify-chain.js';
import { verifyTables } from '#codi/workers/storage/audit/verify-tables.js';
import { queryEvents } from '#codi/workers/storage/query-events.js';
import { queryLogs } from '#codi/workers/storage/query-logs.js';
import { ReadConnection } from '#codi/workers/storage/read-connection.js';
import { ArchiveWorld, DAY_MS } from '../../../../support/archive-world.ts';

const BLOCKS = 40;

let world: ArchiveWorld;
beforeEach(() => {
  world = new ArchiveWorld();
  for (let n = 0; n < BLOCKS; n++) world.commit(BLOCKS - n);
});
afterEach(() => world.close());

/** One piece of a check: sixteen blocks, or up to where it has to look anew. */
function piece(from: ChainPosition) {
  const { database } = world.ledger;
  const marks = { marks: [], problems: [] };
  const store = { database, kind: 'ledger' as const, dataDir: world.dataDir, marks };
  return database.transaction(() => verifyPiece(store, from, () => true))();
}

/** Checks to the end; `between` runs after every piece. */
async function check(between: () => Promise<unknown> = async () => undefined) {
  const found = { entries: 0, segments: 0, leafOnly: 0, findings: [] as unknown[] };
  for (let position = chainStart(), isDone = false; !isDone; await between()) {
    const done = piece(position);
    ({ position, isDone } = done);
    found.entries += done.entries;
    found.segments += done.segments;
    found.leafOnly += done.leafOnly;
    found.findings.push(...done.findings);
  }
  return found;
}

const ENTRIES = BLOCKS * 13 + 1;
const archiveAll = () => {
  world.nowMs += 1_000 * DAY_MS;
  return world.retain();
};

describe('a check of a chain', () => {
  test('reads archived blocks from their segments, and counts the same entries', async () => {
    expect(await check()).toMatchObject({ entries: ENTRIES, segments: 0, findings: [] });
    await archiveAll();
    const { length } = world.files();
    expect(length).toBeGreaterThan(1);
    expect(await check()).toEqual({
      entries: ENTRIES,
      segments: length,
      leafOnly: 0,
      findings: [],
    });
  });

  test('goes on when blocks are archived in the middle of it', async () => {
    expect(await check(archiveAll)).toMatchObject({ entries: ENTRIES, findings: [] });
  });

  test('goes on when segments are given up in the middle of it', async () => {
    await archiveAll();
    const found = await check(() => {
      world.nowMs += 1_000 * DAY_MS;
      return world.retain({ archiveDays: 1 });
    });
    expect(found.findings).toEqual([]);
    expect(found.leafOnly).toBeGreaterThan(0);
  });

  test('looks anew where a file is gone that this moment still knows, and names it when it is missing', async () => {
    await archiveAll();
    const [, second] = world.segments();
    rmSync(world.path(second!.file!));
    const first = piece(chainStart());
    expect(first).toMatchObject({ findings: [], isDone: false });
    expect(first.position.block).toBe(second!.firstBlock);
    const { findings } = await check();
    expect(findings.length).toBeGreaterThan(0);
    expect(JSON.stringify(findings)).toContain(`archive/${second!.file}: it is missing`);
  });
});

describe('what follows from entries', () => {
  test('is computed from archived ones, too', async () => {
    await archiveAll();
    const tables = () => verifyTables(world.ledger.database, 'ledger', world.dataDir);
    expect(tables()).toEqual([]);
    world.ledger.database.exec('UPDATE files SET mode = mode + 1');
    expect(tables()[0]).toMatch(/^files: the row of .* is not what its events make it/);
    world.ledger.database.exec('UPDATE segments SET last_event = last_event + 1 WHERE n = 1');
    expect(tables()).toContain('segments: 1 rows do not match their check sum');
  });

  test('ends of streams stay where they were, also of one that is empty', async () => {
    await archiveAll();
    world.ledger.database.exec('DELETE FROM logs; DELETE FROM file_events');
    const connection = new ReadConnection('ledger', { dataDir: world.dataDir });
    expect(queryLogs(connection, { filter: {}, limit: 1 }).head).toBe(BLOCKS * 10);
    expect(queryEvents(connection, { filter: {}, limit: 1 }).head).toBe(BLOCKS * 3);
    connection.close();
  });
});
