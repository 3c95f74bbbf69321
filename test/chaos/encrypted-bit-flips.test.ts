// Given an encrypted, signed data directory, and an encrypted segment. Break: one bit is flipped in a database, in a
// write-ahead log, or in the segment, one at a time, over a copy. Expect: it is noticed, or every row of every table is
// what it was; in the segment it is always noticed. bit-flips.test.ts does the same to a plain one.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { verifySegment } from '#codi/workers/storage/archive/verify-segment.js';
import { useStoreKey } from '#codi/workers/storage/cipher/store-key.js';
import { ArchiveWorld } from '../support/archive-world.ts';
import { flipped, judge, newSpecimen, type Outcome } from '../support/bit-flips.ts';
import { KEY, withCiphers } from '../support/encryption.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const flips = Number(process.env['CODI_FLIPS'] ?? 24);
const seed = newSeed();
const DATABASE = /^(ledger|state)\.db(-wal)?$/;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-flips-'));
  useStoreKey(Buffer.from(KEY));
});
afterEach(() => {
  useStoreKey(undefined);
  rmSync(home, { recursive: true, force: true });
});

withCiphers(
  `no flipped bit of an encrypted database or log goes unnoticed (seed ${seed}, ${flips} flips)`,
  () => {
    const random = seededRandom(seed);
    const targets = [newSpecimen(home, false), newSpecimen(home, true)].flatMap((specimen) =>
      specimen.files.filter((file) => DATABASE.test(file)).map((file) => ({ specimen, file })),
    );
    const counts: Record<string, Partial<Record<Outcome, number>>> = {};
    const silent: string[] = [];
    for (let n = 0; n < flips; n++) {
      const { specimen, file } = targets[n % targets.length]!;
      const offset = Math.floor(random() * statSync(join(specimen.dir, file)).size);
      const bit = Math.floor(random() * 8);
      const dir = flipped(specimen, { file, offset, bit }, join(home, 'scratch'));
      const outcome = judge(specimen, file, dir);
      const of = (counts[file] ??= {});
      of[outcome] = (of[outcome] ?? 0) + 1;
      if (outcome === 'SILENT') silent.push(`${file} offset ${offset} bit ${bit}`);
    }
    if (process.env['CODI_FLIPS'] !== undefined)
      process.stdout.write(`${JSON.stringify(counts)}\n`);
    expect(silent).toEqual([]);
    // A plain database has spare room in its pages; here every bit of a page that is read counts.
    expect(counts['ledger.db-wal']!.harmless ?? 0).toBe(0);
  },
  Math.max(120_000, flips * 2_000),
);

withCiphers(
  'every changed bit of an encrypted segment is found, and every cut',
  async () => {
    const world = new ArchiveWorld();
    try {
      for (let block = 0; block < 24; block++) world.commit(200 - block);
      await world.retain({ segmentLimitBytes: 1_000_000 });
      const path = world.path(world.files()[0]!);
      const bytes = readFileSync(path);
      expect(verifySegment(path)).toMatchObject({ ok: true });
      for (let at = 0; at < bytes.length; at += 7) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << (at % 8);
        writeFileSync(path, changed);
        expect(verifySegment(path), `byte ${at}`).toMatchObject({ ok: false });
      }
      for (let length = 0; length < bytes.length; length += 101) {
        writeFileSync(path, bytes.subarray(0, length));
        expect(verifySegment(path), `cut at ${length}`).toMatchObject({ ok: false });
      }
    } finally {
      world.close();
    }
  },
  60_000,
);
