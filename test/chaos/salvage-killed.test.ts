// Given a data directory both of whose databases are damaged. Break: `codi store repair` is killed at the entry of its
// nth write, sync, rename or removal of a file there. Expect after: the same command, or a start, ends where one ends
// that was not killed, with one set of files moved aside and nothing else left. `CODI_SALVAGE_POINTS` sets how many
// points.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { newSpecimen, type Specimen } from '../support/bit-flips.ts';
import { damagePage } from '../support/damaged-store.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { entriesOf, pagesOfTable } from '../support/salvaged.ts';
import { skipUnless } from '../support/skip.ts';
import { fileOf, hasStrace, NO_STRACE, readTrace, underStrace } from '../support/strace.ts';

const CALLS = 'pwrite64,write,fsync,fdatasync,ftruncate,rename,unlink';
const CODI = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));
const points = Number(process.env['CODI_SALVAGE_POINTS'] ?? 4);
const seed = newSeed();
const KINDS = ['ledger', 'state'] as const;
/** It ends so when blocks are lost. */
const EXIT_DEGRADED = 6;

let home: string;
let specimen: Specimen;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-salvage-'));
  specimen = newSpecimen(home, true);
  const path = (kind: string) => join(specimen.dir, `${kind}.db`);
  damagePage(path('ledger'), Math.max(...pagesOfTable(path('ledger'), 'logs')), (bytes) =>
    bytes.fill(0xa5),
  );
  damagePage(path('state'), 1, (bytes) => bytes.fill(0));
  for (const kind of KINDS) rmSync(`${path(kind)}-shm`, { force: true });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Whether it ended by itself. */
function repair(dataDir: string, tracing: readonly string[]): Promise<boolean> {
  const line = [process.execPath, CODI, '--data-dir', dataDir, 'store', 'repair'];
  return new Promise((resolve, reject) => {
    const options = { env: { PATH: process.env['PATH'] ?? '' }, timeout: 60_000 };
    const [program, ...args] = underStrace(['-qq', ...tracing, ...line]);
    execFile(program, args, options, (error, out, stderr) => {
      if (error && error.code !== EXIT_DEGRADED && error.signal !== 'SIGKILL')
        reject(new Error(`${error.message}: ${out}${stderr}`));
      else resolve(!error || error.code === EXIT_DEGRADED);
    });
  });
}

/** What can be seen of a directory that is healed: its entries, what is lost, and the files of it by their endings. */
function outcome(dataDir: string) {
  const names = readdirSync(dataDir).filter((name) => /^(ledger|state)\.db/.test(name));
  const reports = names
    .filter((name) => /\.corrupt\..*\.json$/.test(name))
    .map((name) => {
      const { lostBlocks, losses, entries, unproved, isSignedChain } = JSON.parse(
        readFileSync(join(dataDir, name), 'utf8'),
      ) as Record<string, unknown>;
      return { lostBlocks, losses, entries, unproved, isSignedChain };
    });
  const files = names
    .filter((name) => !/-(wal|shm)$/.test(name) || name.includes('.corrupt.'))
    .map((name) => name.replace(/\.corrupt\.[\dT.-]+Z/, '.corrupt'));
  const entries = KINDS.map((kind) => [...entriesOf(join(dataDir, `${kind}.db`), kind)]);
  return { files: files.sort(), reports, entries };
}

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  `a salvage that is killed at any storage call ends the same (seed ${seed}, ${points} points)`,
  async () => {
    const whole = join(home, 'whole');
    cpSync(specimen.dir, whole, { recursive: true });
    const trace = join(home, 'trace');
    expect(await repair(whole, ['-y', '-o', trace, '-e', `trace=${CALLS}`])).toBe(true);
    const expected = outcome(whole);
    expect(expected.reports.map(({ lostBlocks }) => lostBlocks)).not.toEqual([0, 0]);
    const counts = new Map<string, number>();
    for (const call of readTrace(readFileSync(trace, 'utf8')))
      if (fileOf(call)?.startsWith(whole)) counts.set(call.name, (counts.get(call.name) ?? 0) + 1);
    const random = seededRandom(seed);
    // Each kind of call as often as any other: most are writes of pages, and all of those are alike.
    const kinds = [...counts];
    let kills = 0;
    for (let point = 0; point < points; point++) {
      const [call, count] = kinds[point % kinds.length]!;
      const n = 1 + Math.floor(random() * count);
      const dataDir = join(home, 'killed');
      cpSync(specimen.dir, dataDir, { recursive: true });
      const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`];
      if (!(await repair(dataDir, ['-o', trace, ...inject]))) kills += 1;
      await repair(dataDir, ['-o', trace, '-e', 'trace=none']);
      expect(outcome(dataDir), `${call} ${n}`).toEqual(expected);
      rmSync(dataDir, { recursive: true });
    }
    expect(kills).toBeGreaterThan(0);
  },
  Math.max(120_000, points * 15_000),
);
