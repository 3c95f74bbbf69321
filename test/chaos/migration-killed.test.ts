// Given stores of every older version, made by the migrations themselves. Break: the process that opens them is
// killed with SIGKILL at each write, sync and removal of a file of the migration. Expect after: the next one that
// opens them completes it, every row and block is as it was, and the chains verify; a daemon takes them and goes on.
// `CODI_MIGRATION_EVERY=1` is the long form: here it is every third of them, from a place of the seed's, and a daemon
// takes three of the versions.
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import {
  openForReading,
  openForWriting,
  type StoreKind,
} from '#codi/workers/storage/open-database.js';
import { newPlace, startDaemon, type DaemonPlace } from '../support/daemon.ts';
import { storedMessages } from '../support/entries.ts';
import { auditVerify } from '../support/fault-run.ts';
import {
  countPoints,
  killAt,
  MIGRATIONS,
  openAgain,
  readRows,
  writeOlderStore,
} from '../support/migration-kills.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';
import { hasStrace, NO_STRACE } from '../support/strace.ts';

const ENTRIES = 40;
/** From version 1 each migration is met; of the other versions a point is tried. */
const POINTS_OF_OTHERS = 1;
const every = Number(process.env['CODI_MIGRATION_EVERY'] ?? 3);
const seed = newSeed();

let place: DaemonPlace;
let scratch: string;
/** What a present daemon left. */
const present = (kind: StoreKind) => join(place.home, `present-${kind}.db`);

beforeAll(async () => {
  place = newPlace('codi-migrations-');
  scratch = mkdtempSync(join(tmpdir(), 'codi-migration-'));
  const watched = join(place.home, 'watched');
  mkdirSync(watched);
  copyFileSync(new URL(import.meta.url), join(watched, 'file'));
  const daemon = await startDaemon(place, [watched]);
  const client = await daemon.client();
  for (let n = 0; n < ENTRIES; n++)
    await client.log({ level: 'Warn', component: 'load', message: `entry ${n}` });
  await client.request('SessionStart', { session_id: 'S-1', identity: 'tester' } as never);
  await client.close();
  // An orderly stop leaves an act (a gap begins), for which the oldest version has no table.
  await daemon.kill();
  for (const kind of ['ledger', 'state'] as const) {
    const database = openForWriting(join(place.dataDir, `${kind}.db`), kind);
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    copyFileSync(join(place.dataDir, `${kind}.db`), present(kind));
  }
  cpSync(join(place.dataDir, 'audit'), join(place.home, 'present-audit'), { recursive: true });
}, 60_000);
afterAll(() => {
  place.remove();
  rmSync(scratch, { recursive: true, force: true });
});

function olderStore(kind: StoreKind, version: number): string {
  const path = join(place.home, `${kind}-${version}.db`);
  rmSync(path, { force: true });
  writeOlderStore(path, kind, version, present(kind));
  return path;
}

function some<T>(items: readonly T[], count: number): T[] {
  const random = seededRandom(seed);
  const left = [...items];
  return Array.from({ length: Math.min(count, left.length) }, () => {
    return left.splice(Math.floor(random() * left.length), 1)[0]!;
  });
}

for (const kind of ['ledger', 'state'] as const)
  skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
    `a migration of ${kind}.db that is killed anywhere is completed by the next start (seed ${seed})`,
    () => {
      const latest = MIGRATIONS[kind].length;
      const left = new Set<number>();
      for (let version = 1; version < latest; version++) {
        const store = olderStore(kind, version);
        const rows = readRows(store, kind, version);
        expect(rows['blocks']!.length).toBeGreaterThan(0);
        const all = countPoints(store, scratch, kind);
        const nth = all.filter((_, at) => at % every === seed % every);
        for (const point of version === 1 ? nth : some(all, POINTS_OF_OTHERS)) {
          const { path, wasKilled } = killAt(store, scratch, kind, point);
          expect([point, wasKilled]).toEqual([point, true]);
          const { before, after } = openAgain(path, kind);
          left.add(before);
          expect([point, before >= version, after]).toEqual([point, true, latest]);
          expect(readRows(path, kind, version)).toEqual(rows);
          const database = openForReading(path, kind);
          expect(verifyLastBlocks(database, kind, 1_000)).toMatchObject({ ok: true });
          database.close();
        }
      }
      // Each of them was interrupted at least once.
      for (let version = 1; version <= latest; version++) expect([...left]).toContain(version);
    },
    180_000,
  );

test(`a daemon takes stores of older versions, and goes on (seed ${seed})`, async () => {
  const older = MIGRATIONS.ledger.slice(1).map((_, at) => at + 1);
  const between = some(older.slice(1, -1), every === 1 ? older.length : 1);
  for (const version of [1, ...between, older.length]) {
    rmSync(place.dataDir, { recursive: true });
    cpSync(join(place.home, 'present-audit'), join(place.dataDir, 'audit'), { recursive: true });
    copyFileSync(olderStore('ledger', version), join(place.dataDir, 'ledger.db'));
    copyFileSync(olderStore('state', 1), join(place.dataDir, 'state.db'));
    const daemon = await startDaemon(place);
    const client = await daemon.client();
    await client.log({ level: 'Info', component: 'load', message: 'after' });
    expect((await storedMessages(client)).size).toBe(ENTRIES + 1);
    expect((await client.request('Health', {})).reasons).toEqual([]);
    expect(auditVerify(daemon)).toEqual([]);
    await client.close();
    await daemon.stop();
  }
}, 120_000);
