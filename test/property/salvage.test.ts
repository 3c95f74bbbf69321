// Given a signed data directory. Break: a few pages of a database or of its log are zeroed, filled with noise, or
// have some bytes changed; or a file is cut off. Expect of the salvage: every block whose pages are whole is there, no
// entry is there that was not committed, and what is missing is marked.
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newSpecimen, type Specimen } from '../support/bit-flips.ts';
import { damagePage, PAGE_BYTES, pagesOf } from '../support/damaged-store.ts';
import { blocksOf, entriesOf, pagesOfBlocks, pagesOfTable, salvaged } from '../support/salvaged.ts';

const home = mkdtempSync(join(tmpdir(), 'codi-salvage-'));
const KINDS = ['ledger', 'state'] as const;
let inDatabase: Specimen;
let inLog: Specimen;

beforeAll(() => {
  inDatabase = newSpecimen(home, false);
  inLog = newSpecimen(home, true);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const damage = fc.record({
  where: fc.double({ min: 0, max: 0.999, noNaN: true }),
  how: fc.oneof(
    fc.constant({ kind: 'zeros' as const }),
    fc.record({ kind: fc.constant('noise' as const), seed: fc.integer({ min: 1, max: 250 }) }),
    fc.record({
      kind: fc.constant('bytes' as const),
      bytes: fc.array(
        fc.record({
          at: fc.integer({ min: 0, max: PAGE_BYTES - 1 }),
          flip: fc.integer({ min: 1, max: 255 }),
        }),
        { minLength: 1, maxLength: 20 },
      ),
    }),
  ),
});
type DamageCase = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;

function spoil(path: string, { where, how }: DamageCase): number {
  const page = 1 + Math.floor(where * pagesOf(path));
  damagePage(path, page, (bytes) => {
    if (how.kind === 'zeros') bytes.fill(0);
    else if (how.kind === 'noise')
      for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + how.seed * (at % 7)) & 255;
    else for (const { at, flip } of how.bytes) bytes[at]! ^= flip;
  });
  return page;
}

function copyOf(specimen: Specimen): string {
  const dir = join(home, 'scratch');
  rmSync(dir, { recursive: true, force: true });
  cpSync(specimen.dir, dir, { recursive: true });
  return dir;
}

/** Blocks that the salvaged database marks, by what is lost of them. */
function marksIn(path: string): Map<number, number> {
  const database = new Database(path, { readonly: true });
  const rows = database.prepare('SELECT block, kind FROM lost_blocks').raw().all();
  database.close();
  return new Map(rows as [number, number][]);
}

/** No entry that was not committed, except in blocks that are marked as unproved. */
function expectNothingWrong(original: string, to: string, kind: (typeof KINDS)[number]): void {
  const committed = entriesOf(original, kind);
  const marks = marksIn(to);
  const blocks = blocksOf(to, kind);
  for (const [name, text] of entriesOf(to, kind)) {
    const block = blocks.get(name);
    expect(block, `${name} is outside of every block`).toBeDefined();
    if (marks.has(block!)) expect(marks.get(block!), `${name} in block ${block}`).toBe(3);
    else expect(text, name).toBe(committed.get(name));
  }
}

test('A block whose pages are whole is salvaged, and nothing that was not committed is.', () => {
  const pages = new Map(
    KINDS.map((kind) => [kind, pagesOfBlocks(join(inDatabase.dir, `${kind}.db`), kind)]),
  );
  const committed = new Map(
    KINDS.map((kind) => [kind, entriesOf(join(inDatabase.dir, `${kind}.db`), kind)]),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      (kind, damages) => {
        const original = join(inDatabase.dir, `${kind}.db`);
        const dir = copyOf(inDatabase);
        const from = join(dir, `${kind}.db`);
        const spoiled = new Set(damages.map((one) => spoil(from, one)));
        const report = salvaged(kind, dir, from, `${from}.new`);
        expectNothingWrong(original, `${from}.new`, kind);
        // Without its ranges a block may still be found, but that is no promise.
        if (pagesOfTable(original, 'block_ranges').some((page) => spoiled.has(page))) return;
        const marks = marksIn(`${from}.new`);
        const isWhole = (block: number) =>
          ![...pages.get(kind)!.get(block)!].some((page) => spoiled.has(page));
        for (const block of pages.get(kind)!.keys())
          if (isWhole(block)) expect(marks.has(block), `block ${block} is marked`).toBe(false);
        const found = entriesOf(`${from}.new`, kind);
        for (const [name, block] of blocksOf(original, kind))
          if (isWhole(block) && committed.get(kind)!.has(name))
            expect(found.has(name), `${name} of block ${block} is there`).toBe(true);
        expect(report.whole + [...marks.keys()].length).toBeGreaterThanOrEqual(report.signed);
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

test('Frames of a damaged log are salvaged, also those that SQLite would not read.', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.array(damage, { minLength: 1, maxLength: 2 }),
      fc.option(fc.double({ min: 0.1, max: 1, noNaN: true }), { nil: undefined }),
      (kind, damages, cut) => {
        const dir = copyOf(inLog);
        const from = join(dir, `${kind}.db`);
        const original = join(home, 'original.db');
        for (const end of ['', '-wal', '-shm']) rmSync(`${original}${end}`, { force: true });
        for (const end of ['', '-wal'])
          cpSync(join(inLog.dir, `${kind}.db${end}`), `${original}${end}`);
        for (const one of damages) spoil(`${from}-wal`, one);
        const size = statSync(`${from}-wal`).size;
        if (cut !== undefined) truncateSync(`${from}-wal`, Math.floor(size * cut));
        const { blocks, signed } = salvaged(kind, dir, from, `${from}.new`);
        expect(blocks).toBeGreaterThanOrEqual(signed);
        expectNothingWrong(original, `${from}.new`, kind);
      },
    ),
    { numRuns: 20 },
  );
}, 120_000);

test('One flipped bit in a log costs nothing but what stands in its place.', () => {
  for (const kind of KINDS) {
    const dir = copyOf(inLog);
    const from = join(dir, `${kind}.db`);
    const log = readFileSync(`${from}-wal`);
    const middle = Math.floor(log.length / PAGE_BYTES / 2);
    damagePage(`${from}-wal`, middle, (bytes) => (bytes[2_000]! ^= 1));
    const { whole, signed } = salvaged(kind, dir, from, `${from}.new`);
    expect(signed - whole).toBeLessThanOrEqual(2);
  }
});

test('A leaf that was altered is told from an entry that was, by the signed root.', () => {
  const dir = copyOf(inDatabase);
  const from = join(dir, 'ledger.db');
  const database = new Database(from);
  // Two of blocks in a segment, two of blocks in the tables.
  database.exec(`UPDATE blocks SET leaf = zeroblob(32) WHERE n IN (7, 12, 90, 101)`);
  database.close();
  const report = salvaged('ledger', dir, from, `${from}.new`);
  expect(report).toMatchObject({ losses: [], lostBlocks: 0, isSignedChain: true });
  expect(entriesOf(`${from}.new`, 'ledger')).toEqual(entriesOf(from, 'ledger'));
  const other = new Database(from);
  expect(other.prepare('SELECT count(*) FROM logs WHERE id = 201').pluck().get()).toBe(1);
  other.exec(`UPDATE logs SET message = 'another' WHERE id = 201`);
  other.close();
  const second = salvaged('ledger', dir, from, `${from}.second`);
  expect(second.isSignedChain).toBe(false);
  expect(entriesOf(`${from}.second`, 'ledger').has('logs 201')).toBe(false);
});

test('A header that is wrong about room at the end of pages, or a list of segments that is gone, costs nothing.', () => {
  const wrong = [
    { page: 1, change: (bytes: Buffer) => (bytes[20]! ^= 1) },
    {
      page: Math.max(...pagesOfTable(join(inDatabase.dir, 'ledger.db'), 'segments')),
      change: (bytes: Buffer) => bytes.fill(0),
    },
  ];
  for (const { page, change } of wrong) {
    const dir = copyOf(inDatabase);
    const from = join(dir, 'ledger.db');
    damagePage(from, page, change);
    const report = salvaged('ledger', dir, from, `${from}.new`);
    expect(report).toMatchObject({ losses: [], lostBlocks: 0, isSignedChain: true });
    const original = join(inDatabase.dir, 'ledger.db');
    expect(entriesOf(`${from}.new`, 'ledger')).toEqual(entriesOf(original, 'ledger'));
  }
});
