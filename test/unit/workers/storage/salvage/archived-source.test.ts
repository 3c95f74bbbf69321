import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ArchivedSource } from '#codi/workers/storage/salvage/archived-source.js';
import { newSpecimen } from '../../../../support/bit-flips.ts';

const home = mkdtempSync(join(tmpdir(), 'codi-archived-'));
let dataDir: string;
beforeAll(() => {
  dataDir = newSpecimen(home, false).dir;
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The last block that files speak for, where the list of segments is gone and the pages still have this. */
function lastBlockOf({ hasRow, leaf }: { hasRow: boolean; leaf?: Buffer }): number {
  const byNumber = (table: string, first: number) => {
    const values = [first, 0, 1, 1, 1, leaf];
    const isThere = table === 'blocks' ? leaf !== undefined : hasRow && first === 1;
    return new Map(isThere ? [[first, [{ values }]]] : []);
  };
  const found = { all: () => [], byNumber };
  return new ArchivedSource(found as never, 'ledger', dataDir).lastBlock;
}

test('A file that the list of segments has lost is taken, but not one that contradicts what is in the tables.', () => {
  expect(lastBlockOf({ hasRow: false })).toBe(79);
  expect(lastBlockOf({ hasRow: true })).toBe(79);
  expect(lastBlockOf({ hasRow: true, leaf: Buffer.alloc(32, 7) })).toBe(-1);
});
