// Given an encrypted data directory. Break: pages of a database or of its log are overwritten, or a bit of them is
// flipped; or another key is set. Expect: it heals like a plain one, what it writes meanwhile is encrypted, and
// under another key nothing is taken for damage.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { useStoreKey } from '#codi/workers/storage/cipher/store-key.js';
import { newSpecimen, type Specimen } from '../support/bit-flips.ts';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { damagePage, pagesOf } from '../support/damaged-store.ts';
import { filesWith, KEY, OTHER_KEY, withCiphers } from '../support/encryption.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { blocksOf, entriesOf, pagesOfBlocks, pagesOfTable, salvaged } from '../support/salvaged.ts';

const KINDS = ['ledger', 'state'] as const;
const seed = newSeed();
const runs = Number(process.env['CODI_DAMAGES'] ?? 12);

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-sealed-'));
  useStoreKey(Buffer.from(KEY));
});
afterEach(() => {
  useStoreKey(undefined);
  rmSync(home, { recursive: true, force: true });
});

function copyOf(specimen: Specimen): string {
  const dir = join(home, 'scratch');
  rmSync(dir, { recursive: true, force: true });
  cpSync(specimen.dir, dir, { recursive: true });
  return dir;
}

withCiphers(
  `a damaged page of an encrypted database costs what stood in it, and nothing else (seed ${seed})`,
  () => {
    const specimen = newSpecimen(home, false);
    const random = seededRandom(seed);
    for (let run = 0; run < runs; run++) {
      const kind = KINDS[run % 2]!;
      const original = join(specimen.dir, `${kind}.db`);
      const from = join(copyOf(specimen), `${kind}.db`);
      // The first page is the header and the schema; without it nothing tells how the others are to be read.
      const page = run < 2 ? 1 : 1 + Math.floor(random() * pagesOf(from));
      const at = Math.floor(random() * 4_096);
      damagePage(from, page, (bytes) => (run % 3 === 0 ? bytes.fill(0xa5) : (bytes[at]! ^= 4)));
      const report = salvaged(kind, join(home, 'scratch'), from, `${from}.new`);
      const committed = entriesOf(original, kind);
      const found = entriesOf(`${from}.new`, kind);
      for (const [name, text] of found) expect(text, name).toBe(committed.get(name));
      const blocks = blocksOf(original, kind);
      const pages = pagesOfBlocks(original, kind);
      const isRanges = pagesOfTable(original, 'block_ranges').includes(page);
      for (const name of committed.keys())
        if (!found.has(name) && !isRanges)
          expect(pages.get(blocks.get(name)!)!.has(page), `${name}, page ${page}`).toBe(true);
      expect(report.flaws, `page ${page}`).toContain('1 of its pages do not match their tags');
    }
  },
  120_000,
);

withCiphers('a list of encrypted segments that is gone costs nothing', () => {
  const specimen = newSpecimen(home, false);
  const original = join(specimen.dir, 'ledger.db');
  const dir = copyOf(specimen);
  const from = join(dir, 'ledger.db');
  damagePage(from, Math.max(...pagesOfTable(original, 'segments')), (bytes) => bytes.fill(0));
  const report = salvaged('ledger', dir, from, `${from}.new`);
  expect(report).toMatchObject({ losses: [], lostBlocks: 0, isSignedChain: true });
  expect(entriesOf(`${from}.new`, 'ledger')).toEqual(entriesOf(original, 'ledger'));
});

withCiphers('frames of an encrypted log are salvaged behind one that does not hold', () => {
  const specimen = newSpecimen(home, true);
  for (const kind of KINDS) {
    const dir = copyOf(specimen);
    const from = join(dir, `${kind}.db`);
    const middle = Math.floor(pagesOf(`${from}-wal`) / 2);
    damagePage(`${from}-wal`, middle, (bytes) => (bytes[2_000]! ^= 1));
    const { whole, signed } = salvaged(kind, dir, from, `${from}.new`);
    expect(signed - whole).toBeLessThanOrEqual(2);
  }
});

withCiphers('under another key no page opens, and nothing is put in place of the database', () => {
  const dir = copyOf(newSpecimen(home, false));
  const from = join(dir, 'ledger.db');
  useStoreKey(Buffer.from(OTHER_KEY));
  expect(() => salvaged('ledger', dir, from, `${from}.new`)).toThrow(/not one of its pages opens/);
});

withCiphers(
  'an encrypted ledger with a damaged page heals at the next start, and stays encrypted',
  async () => {
    const keyFile = join(home, 'store.key');
    writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
    const world = new DamagedDaemon({ CODI_STORAGE_ENCRYPTION_KEY_FILE: keyFile });
    try {
      await world.start();
      await world.write(60);
      await world.daemon!.stop();
      const path = world.path('ledger.db');
      damagePage(path, Math.max(...pagesOfTable(path, 'logs')), (bytes) => bytes.fill(0xa5));
      await world.start();
      await world.expectService({ lostMax: 20 });
      const files = readdirSync(world.place.dataDir);
      expect(files.some((name) => name.startsWith('ledger.db.corrupt.'))).toBe(true);
      expect(filesWith(world.place.dataDir, ['entry 1 ', 'entry 30 ', 'entry 59 '])).toEqual([]);
      expect(readFileSync(path).subarray(0, 6).toString()).not.toBe('SQLite');
    } finally {
      await world.end();
    }
  },
  120_000,
);
