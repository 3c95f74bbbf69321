// Blocks that retention has archived stay verifiable and provable, with a daemon, without one, and by others.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

const VERIFIER = fileURLToPath(new URL('../independent/verify.py', import.meta.url));
const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
};
const BLOCKS = 60;

let place: DaemonPlace;
let daemon: RunningDaemon;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon.kill().catch(() => undefined);
  place.remove();
});

const codi = (...line: string[]) => runAt(place, ...line);
const segments = () => readdirSync(join(place.dataDir, 'archive')).toSorted();

/** A daemon with file events and log entries, most of which are archived; started anew. */
async function archivedDaemon(more: Record<string, string> = {}): Promise<void> {
  const root = join(place.home, 'watched');
  mkdirSync(root);
  writeFileSync(join(root, 'a.txt'), 'one');
  writeFileSync(Buffer.from(`${root}/b\xff.txt`, 'latin1'), 'two');
  daemon = await startDaemon(place, [root], { env: { ...env, ...more } });
  await codi('sync');
  const client = await daemon.client({ userId: 'ana' });
  for (let n = 1; n <= BLOCKS; n++)
    await client.log({
      level: 'Warn',
      component: 'test',
      message: `entry ${n} häi \u0000\u2028 ${'x'.repeat(4_000)}`,
      metadata: { n },
    });
  await client.close();
  const compact = await codi('store', 'compact', '--json');
  expect(compact.json()[0]!['rows_removed'], compact.notes).toBeGreaterThan(20);
  await daemon.stop();
  daemon = await startDaemon(place, [root], { env: { ...env, ...more } });
}

async function proves(...entries: string[]): Promise<void> {
  for (const entry of entries) {
    const proof = await codi('audit', 'prove', entry);
    expect(proof.exitCode, entry + proof.notes).toBe(0);
    writeFileSync(join(place.home, 'proof.json'), proof.out);
    const checked = await codi('audit', 'verify', '--proof', 'proof.json');
    expect(checked.exitCode, checked.out + checked.notes).toBe(0);
  }
}

async function verified(): Promise<Record<string, unknown>> {
  const run = await codi('audit', 'verify', '--json');
  expect(run.exitCode, run.out + run.notes).toBe(0);
  const [report] = run.json();
  const again = await codi('store', 'verify', '--json');
  const timeless = (one: object) => ({ ...one, blocks: 0, entries: 0, duration_ms: 0 });
  expect(timeless(again.json()[0]!)).toEqual(timeless(report!));
  return report!;
}

function independent(): string {
  const copy = join(place.home, 'copy');
  cpSync(place.dataDir, copy, { recursive: true });
  const paths = ['audit/key.pub', 'ledger.db', 'audit/ledger.checkpoint'];
  try {
    const args = [VERIFIER, 'store', ...paths.map((path) => join(copy, path))];
    return execFileSync('python3', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

it('archived and live entries are verified and proved, live, offline and independently', async () => {
  await archivedDaemon();
  const live = await verified();
  expect(live).toMatchObject({ ok: true, segments: segments().length, leaf_only: 0 });
  expect(live['segments']).toBeGreaterThan(1);
  expect(live['entries']).toBeGreaterThan(BLOCKS);
  await proves('log:1', 'file:1', 'file:2', `log:${BLOCKS}`);
  expect((await codi('health')).out).not.toContain('checkpoint');
  await daemon.stop();
  const offline = await verified();
  expect(offline).toMatchObject({ ok: true, segments: live['segments'], leaf_only: 0 });
  expect(offline['entries']).toBeGreaterThanOrEqual(live['entries'] as number);
  await proves('log:1', 'file:2', `log:${BLOCKS}`);
  expect(independent()).toMatch(/^(\d+) blocks, \1 of them signed by \S+, 0 by leaf alone/);
}, 90_000);

it('a bit that flips in a segment is named with its file, and nothing of it is proved', async () => {
  await archivedDaemon();
  const [file] = segments();
  const path = join(place.dataDir, 'archive', file!);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  for (const word of ['live', 'offline']) {
    for (const command of ['audit', 'store']) {
      const run = await codi(command, 'verify');
      expect(run.exitCode, word).toBe(6);
      expect(run.out).toMatch(new RegExp(`bad: ledger.db, block \\d+.*: archive/${file}: `));
    }
    const proof = await codi('audit', 'prove', 'log:1');
    expect(proof.exitCode, proof.out).toBe(1);
    expect(proof.notes).toContain(file);
    await proves(`log:${BLOCKS}`);
    if (word === 'live') await daemon.stop();
  }
  expect(independent()).toMatch(
    /^not as it should be: ledger-.* is not the file that was archived/,
  );
}, 90_000);

it('of entries that were deleted the leaf is checked, and that is said', async () => {
  await archivedDaemon({ CODI_STORAGE_ARCHIVE: 'false' });
  const live = await verified();
  expect(live).toMatchObject({ ok: true, segments: 0 });
  expect(live['leaf_only']).toBeGreaterThan(20);
  expect((await codi('audit', 'verify')).out).toMatch(
    /\d+ blocks of deleted entries by their leaf/,
  );
  const proof = await codi('audit', 'prove', 'log:1');
  expect(proof.exitCode).toBe(5);
  expect(proof.notes).toMatch(/retention has deleted it/);
  await daemon.stop();
  expect(await verified()).toMatchObject({ ok: true, leaf_only: live['leaf_only'] });
  expect(independent()).toMatch(/signed by \S+, (?!0)\d+ by leaf alone/);
}, 90_000);
