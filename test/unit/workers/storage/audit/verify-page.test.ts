import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashLeaves } from '#codi/protocol/audit/merkle-tree.js';
import { verifyPage } from '#codi/workers/storage/audit/verify-page.js';
import { verifyTables } from '#codi/workers/storage/audit/verify-tables.js';
import type { SqliteDatabase } from '#codi/workers/storage/open-database.js';
import type { AuditPage } from '#codi/workers/storage/reader.messages.js';
import { fileEvent, openLedger } from '../../../../support/ledger-store.ts';
import { commitBlocks, NotaryWorld, stateWithSessions } from '../../../../support/notary.ts';
import type { BytePath } from '#codi/protocol/byte-path.js';

const BLOCKS = 40;
const EACH = 3;

let ledger: ReturnType<typeof openLedger>;
let world: NotaryWorld;

beforeEach(() => {
  ledger = openLedger();
  ledger.database.pragma('synchronous = OFF');
  commitBlocks(ledger.store, BLOCKS, EACH);
  world = new NotaryWorld(ledger.dataDir).start();
});
afterEach(() => {
  world.close();
  ledger.close();
});

const connection = () => ({
  identity: () => 'test',
  snapshot: <Result>(read: (opened: SqliteDatabase) => Result) => read(ledger.database),
});

/** Checks everything; with `isTimeUp` in pieces of sixteen blocks. */
function verify(isTimeUp = false, marks?: { size: number; root: string }[]): AuditPage[] {
  const pages: AuditPage[] = [];
  let cursor: string | undefined;
  do {
    const ports = {
      dataDir: ledger.dataDir,
      connection,
      monotonicMs: () => 0,
      budgetMs: isTimeUp ? 0 : 1,
    };
    const page = verifyPage(ports, {
      database: 'ledger',
      ...(cursor !== undefined && { cursor }),
      ...(marks && { marks }),
    });
    pages.push(page);
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}
const findings = (isTimeUp = false) => verify(isTimeUp).flatMap((page) => page.findings);
const exec = (sql: string) => ledger.database.exec(`PRAGMA foreign_keys = OFF; ${sql}`);

describe('a check of a whole chain', () => {
  test('finds nothing where nothing is wrong, in one piece or in many', () => {
    const [whole, ...none] = verify();
    expect(none).toEqual([]);
    expect(whole).toEqual({
      checked: BLOCKS,
      blocks: BLOCKS,
      entries: BLOCKS * EACH,
      segments: 0,
      leafOnly: 0,
      findings: [],
      losses: [],
      lost: 0,
    });
    const pieces = verify(true);
    expect(pieces.map(({ checked }) => checked)).toEqual([16, 32, 40]);
    expect(pieces.flatMap((piece) => piece.findings)).toEqual([]);
    expect(pieces.reduce((sum, { entries }) => sum + entries, 0)).toBe(BLOCKS * EACH);
  });

  test.each([false, true])(
    'names the first bad block, its entries and why (pieces: %s)',
    (inPieces) => {
      exec("UPDATE logs SET message = 'altered' WHERE id IN (62, 110)");
      const range = (first: number) => ({ stream: 1, first, last: first + 2 });
      const reason = 'its entries do not match its leaf';
      expect(findings(inPieces)).toEqual([
        { block: 20, ranges: [range(61)], reason },
        { block: 36, ranges: [range(109)], reason },
      ]);
    },
  );

  test.each([false, true])(
    'finds a block that was rewritten with its leaf (pieces: %s)',
    (inPieces) => {
      exec('UPDATE blocks SET leaf = zeroblob(32) WHERE n = 5');
      const found = findings(inPieces);
      expect(found).toMatchObject([
        { block: 5, reason: 'its entries do not match its leaf' },
        {
          block: BLOCKS - 1,
          reason: expect.stringMatching(/not the ones that were signed.*history/),
        },
        {
          block: BLOCKS - 1,
          reason: expect.stringMatching(/not the ones that were signed.*checkpoint/),
        },
      ]);
    },
  );

  test.each([
    ['a block is missing', 'DELETE FROM blocks WHERE n = 7', 7, 'it is missing'],
    ['an entry is missing', 'DELETE FROM logs WHERE id = 30', 9, '2 entries are there, 3 were'],
    [
      'entries were renumbered',
      'UPDATE block_ranges SET first = first + 1, last = last + 1 WHERE block = 4',
      4,
      'its entries 14 to 16 of stream 1 do not follow 12',
    ],
    ['a range is gone', 'DELETE FROM block_ranges WHERE block = 3', 3, '0 entries are there'],
    ['a time was turned back', 'UPDATE blocks SET committed_ms = 1 WHERE n = 6', 6, 'its time is'],
    ['a length was changed', 'UPDATE blocks SET bytes = 1 WHERE n = 2', 2, 'its length is not'],
    ['the version is unknown', 'UPDATE blocks SET version = 9 WHERE n = 2', 2, 'its encoding 9'],
  ])('finds it when %s', (_what, sql, block, reason) => {
    exec(sql);
    expect(findings()[0]).toMatchObject({ block, reason: expect.stringContaining(reason) });
  });

  test('finds entries that no block holds, and blocks that were cut off', () => {
    exec(
      'INSERT INTO logs SELECT id + 1, 0, 0, 0, component, NULL, message, NULL, NULL, NULL, 0, NULL FROM logs ORDER BY id DESC LIMIT 1',
    );
    const range = { stream: 1, first: 121, last: 121 };
    expect(findings()).toEqual([
      { ranges: [range], reason: 'entries stand outside of every block' },
    ]);
    exec(
      'DELETE FROM logs WHERE id > 90; DELETE FROM blocks WHERE n >= 30; DELETE FROM block_ranges WHERE block >= 30',
    );
    expect(findings()).toMatchObject([{ reason: expect.stringMatching(/^30 blocks.*, 40 were/) }]);
  });

  test('finds a checkpoint or a public key that is gone or damaged', () => {
    const path = (name: string) => join(ledger.dataDir, 'audit', name);
    writeFileSync(path('ledger.checkpoint'), world.note().replace('\n40\n', '\n39\n'));
    expect(findings()).toMatchObject([
      { reason: expect.stringMatching(/checkpoint does not hold/) },
    ]);
    rmSync(path('ledger.checkpoint'));
    expect(findings()).toMatchObject([{ reason: 'audit/ledger.checkpoint is missing' }]);
    writeFileSync(path('key.pub'), '');
    expect(findings()[0]).toMatchObject({ reason: expect.stringMatching(/key\.pub is missing/) });
  });

  test('meets a checkpoint that was kept elsewhere, or says that it does not', () => {
    const leaves = ledger.database.prepare('SELECT leaf FROM blocks ORDER BY n').pluck().all();
    const root = (size: number) =>
      hashLeaves((leaves as Buffer[]).slice(0, size)).toString('base64');
    const found = (size: number, of: number) =>
      verify(true, [{ size, root: root(of) }]).flatMap((page) => page.findings);
    expect(found(17, 17)).toEqual([]);
    expect(found(17, 18)).toMatchObject([{ block: 16, reason: expect.stringMatching(/given/) }]);
    expect(found(99, 18)).toMatchObject([{ reason: expect.stringMatching(/40 .* 99 .*given/) }]);
  });

  test('refuses a cursor that is not its own', () => {
    const [piece] = verify(true);
    const parts = JSON.parse(Buffer.from(piece!.next!, 'base64url').toString()) as unknown[];
    const ports = {
      dataDir: ledger.dataDir,
      connection,
      monotonicMs: () => 0,
      budgetMs: 1,
    };
    const forge = (index: number, value: unknown) => {
      const forged = parts.map((part, at) => (at === index ? value : part));
      return Buffer.from(JSON.stringify(forged)).toString('base64url');
    };
    for (const [index, value] of [
      [2, 'state'],
      [3, -1],
      [4, '1,2'],
      [4, '1,2,x,4,5'],
      [6, 'AAAA'],
      [3, 17],
    ] as const)
      expect(
        () => verifyPage(ports, { database: 'ledger', cursor: forge(index, value) }),
        String(value),
      ).toThrow(/cursor/);
  });
});

describe('a check of the tables that follow from a chain', () => {
  test('finds nothing where nothing is wrong', () => {
    expect(verifyTables(ledger.database, 'ledger', ledger.dataDir)).toEqual([]);
    const state = stateWithSessions(ledger.dataDir, 4);
    expect(verifyTables(state, 'state', ledger.dataDir)).toEqual([]);
    state.close();
  });

  test('finds a row of the path index that its events did not make, and one that is missing', () => {
    const rootPath = '/desk' as BytePath;
    ledger.store.commit([{ type: 'openRoot', batch: 1, rootPath }], 1_700_000_000_000);
    const events = [fileEvent('create', 'a'), fileEvent('create', 'b')];
    const work = {
      type: 'fileEvents' as const,
      batch: 2,
      rootId: 1,
      rootPath,
      sequence: 1,
      events,
    };
    ledger.store.commit([work], 1_700_000_000_000);
    expect(verifyTables(ledger.database, 'ledger', ledger.dataDir)).toEqual([]);
    exec("UPDATE files SET mode = mode + 1 WHERE path = 'b'");
    expect(verifyTables(ledger.database, 'ledger', ledger.dataDir)).toEqual([
      'files: the row of b is not what its events make it',
    ]);
    exec("DELETE FROM files WHERE path = 'b'");
    expect(verifyTables(ledger.database, 'ledger', ledger.dataDir)).toEqual([
      'files: the row of b is missing',
    ]);
  });

  test('finds a session that no entry made so, and a revision that is another one', () => {
    const state = stateWithSessions(ledger.dataDir, 4);
    state.exec(
      "UPDATE sessions SET identity = 'mallory' WHERE id = 's-2'; UPDATE revision SET value = 9",
    );
    expect(verifyTables(state, 'state', ledger.dataDir)).toEqual([
      'sessions: it is not what the coordination entries make it',
      'revision: it is not what the coordination entries make it',
    ]);
    state.close();
  });
});
