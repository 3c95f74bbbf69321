// Given a signed data directory. Break: one bit is flipped in a 4 KiB page of one of its files, one at a time,
// over a copy. Expect: it is noticed (by verify, by opening, by the notary at the start, by the check of a proof),
// or every row of every table is what it was. None may go unnoticed. `npm run flips` is the long form, in which
// every page of every file gets its turn.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flipped, judge, newSpecimen, type Outcome, type Specimen } from '../support/bit-flips.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const PAGE_BYTES = 4_096;
const flips = Number(process.env['CODI_FLIPS'] ?? 45);
const seed = newSeed();
const home = mkdtempSync(join(tmpdir(), 'codi-flips-'));
let specimens: Specimen[];

interface Target {
  specimen: Specimen;
  file: string;
  size: number;
  pages: number[];
}

beforeAll(() => {
  specimens = [newSpecimen(home, false), newSpecimen(home, true)];
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Databases and their logs have many pages, the other files one. */
function turns(targets: readonly Target[]): Target[] {
  const large = targets.filter(({ pages }) => pages.length > 1);
  return [...large, ...large, ...targets];
}

/** For each file its pages, in an order of the seed's. */
function pagesByFile(random: () => number): Target[] {
  return specimens.flatMap((specimen) =>
    specimen.files.map((file) => {
      const { size } = statSync(join(specimen.dir, file));
      const pages = Array.from({ length: Math.ceil(size / PAGE_BYTES) }, (_, page) => page);
      const ranked = pages.map((page) => ({ page, rank: random() }));
      ranked.sort((one, other) => one.rank - other.rank);
      return { specimen, file, size, pages: ranked.map(({ page }) => page) };
    }),
  );
}

test(
  `no flipped bit goes unnoticed (seed ${seed}, ${flips} flips)`,
  () => {
    const random = seededRandom(seed);
    const targets = pagesByFile(random);
    const order = turns(targets);
    const taken = new Map<string, number>();
    const counts: Record<string, Partial<Record<Outcome, number>>> = {};
    const silent: string[] = [];
    for (let n = 0; n < flips; n++) {
      // Files take turns, and in each file its pages do.
      const { specimen, file, size, pages } = order[n % order.length]!;
      const turn = (taken.get(file) ?? 0) % pages.length;
      taken.set(file, turn + 1);
      const first = pages[turn]! * PAGE_BYTES;
      const offset = first + Math.floor(random() * Math.min(PAGE_BYTES, size - first));
      const bit = Math.floor(random() * 8);
      const dir = flipped(specimen, { file, offset, bit }, join(home, 'scratch'));
      const outcome = judge(specimen, file, dir);
      const of = (counts[file] ??= {});
      of[outcome] = (of[outcome] ?? 0) + 1;
      if (outcome === 'SILENT') silent.push(`${file} offset ${offset} bit ${bit}`);
    }
    if (process.env['CODI_FLIPS'] !== undefined)
      process.stdout.write(`${table(counts, targets)}\n`);
    expect(silent).toEqual([]);
  },
  Math.max(120_000, flips * 2_000),
);

function table(
  counts: Record<string, Partial<Record<Outcome, number>>>,
  targets: readonly Target[],
): string {
  return targets
    .map(({ file, pages }) => `${file} (${pages.length} pages): ${JSON.stringify(counts[file])}`)
    .join('\n');
}
