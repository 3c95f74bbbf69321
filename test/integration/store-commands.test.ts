import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
};
const BLOCKS = 60;

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon?.kill().catch(() => undefined);
  daemon = undefined;
  place.remove();
});

const codi = (...line: string[]) => codiAt(place.dataDir, ...line);
const codiAt = (dataDir: string, ...line: string[]) => runAt({ ...place, dataDir }, ...line);

/** Blocks of one entry each. */
async function write(client: MonitorClient, name: string, count = BLOCKS): Promise<void> {
  for (let at = 0; at < count; at++)
    await client.log({
      level: 'Info',
      component: 'c',
      message: `${name} ${at} ${'x'.repeat(4_000)}`,
    });
}

async function filledDaemon(): Promise<void> {
  daemon = await startDaemon(place, [], { env });
  const client = await daemon.client();
  await write(client, 'first');
  await client.close();
}

it('compact archives what is due; stats, ls and cat show where it is, with and without the daemon', async () => {
  await filledDaemon();
  const dry = await codi('store', 'compact', '--dry-run', '--json');
  expect(dry.json()[0]).toMatchObject({ dry_run: true, reasons: ['size'], rows_removed: 0 });
  expect(existsSync(join(place.dataDir, 'archive'))).toBe(false);
  const compact = (await codi('store', 'compact', '--json')).json()[0]!;
  expect(compact).toMatchObject({ dry_run: false, reasons: ['size'] });
  expect(compact['entries']).toBe(compact['rows_removed']);
  expect((await codi('store', 'compact')).out).toBe('nothing is due\n');

  const live = (await codi('store', 'stats', '--json')).json()[0] as never as Stats;
  const logs = live.streams.find(({ name }) => name === 'logs')!;
  expect(logs).toMatchObject({ last: BLOCKS, rows: BLOCKS - (compact['entries'] as number) });
  expect(live.archive).toMatchObject({ segments: compact['segments'] });
  expect(live.retention).toMatchObject({ archive: true, retention_days: 90 });
  expect((await codi('store', 'stats')).out).toContain('archived for ever');

  const segments = (await codi('store', 'ls', '--json')).json();
  expect(segments).toHaveLength(compact['segments'] as number);
  const lines = (await codi('store', 'cat')).json();
  expect(lines.map((line) => line['id'])).toEqual(
    Array.from({ length: compact['entries'] as number }, (_, at) => at + 1),
  );
  await daemon!.stop();
  const offline = (await codi('store', 'stats', '--json')).json()[0] as never as Stats;
  // What was done is recorded after it is answered: the run itself, and each of the two commands.
  expect(offline.streams).toEqual(
    live.streams.map((stream) =>
      stream.name === 'acts' ? { ...stream, rows: 3, last: 3 } : stream,
    ),
  );
}, 60_000);

interface Verification {
  ok: boolean;
  findings: { block?: number; reason: string }[];
}

interface Stats {
  streams: { name: string; rows: number; last: number }[];
  archive: object;
  retention: object;
}

it('verify says that all is right, and names what is not', async () => {
  await filledDaemon();
  await codi('store', 'compact');
  expect(await codi('store', 'verify')).toMatchObject({ exitCode: 0 });
  expect((await codi('store', 'verify')).out).toContain('verified');
  const [file] = readdirSync(join(place.dataDir, 'archive'));
  const path = join(place.dataDir, 'archive', file!);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  const live = await codi('store', 'verify');
  expect(live.exitCode).toBe(6);
  expect(live.out).toContain(`archive/${file}: it has not the sha256 of the ledger`);
  await daemon!.stop();
  const offline = await codi('store', 'verify', '--json');
  expect(offline.exitCode).toBe(6);
  const { ok, findings } = offline.json()[0] as never as Verification;
  expect(ok).toBe(false);
  expect(findings[0]!.reason).toContain(`archive/${file}: `);
  rmSync(path);
  expect((await codi('store', 'verify')).out).toContain('it is missing');
}, 60_000);

it('a backup of a busy daemon can be restored, and a second one copies what is new', async () => {
  await filledDaemon();
  await codi('store', 'compact');
  const client = await daemon!.client();
  const writing = write(client, 'meanwhile', 40);
  const folder = join(place.home, 'backup');
  const first = await codi('store', 'backup', 'backup', '--json');
  expect(first.notes).toBe('');
  expect(first.json()[0]).toMatchObject({ directory: folder });
  await writing;
  await client.close();
  const second = await codi('store', 'backup', folder);
  expect(second.out).toContain('verified');
  expect(readdirSync(folder).toSorted()).toEqual([
    'archive',
    'audit',
    'backup.json',
    'ledger.db',
    'state.db',
  ]);

  const refused = await codi('store', 'restore', folder, '--force');
  expect(refused).toMatchObject({ exitCode: 3 });
  expect(refused.notes).toContain('a daemon is using');
  await daemon!.stop();
  expect(await codi('store', 'restore', folder)).toMatchObject({ exitCode: 3 });
  const restored = await codi('store', 'restore', folder, '--force', '--json');
  expect(restored.notes).toBe('');
  const { aside } = restored.json()[0] as { aside: string };
  expect(readdirSync(aside)).toContain('ledger.db');
  // The act about the backup came after it and was signed: the restore says that it set the ledger back.
  const verified = await codi('store', 'verify');
  expect(verified.exitCode).toBe(0);
  expect(verified.out).toMatch(/known break: ledger\.db, \d+ blocks in place of \d+ that were/);

  daemon = await startDaemon(place, [], { env });
  const again = await daemon.client();
  const { acts } = await again.request('QueryActs', {
    filter: { kind: 'store.restore' },
    limit: 9,
  });
  expect(acts).toHaveLength(1);
  await write(again, 'after', 1);
  const { entries } = await again.request('QueryLogs', { filter: {}, limit: 1 });
  expect(entries[0]!.id).toBe(BLOCKS + 40 + 1);
  await again.close();
}, 90_000);

it('restore refuses a backup that is damaged or unfinished, and leaves everything as it was', async () => {
  await filledDaemon();
  await codi('store', 'compact');
  const folder = join(place.home, 'backup');
  await codi('store', 'backup', folder);
  await daemon!.stop();
  const before = readFileSync(join(place.dataDir, 'ledger.db'));
  const [segment] = readdirSync(join(folder, 'archive'));
  for (const [name, reason] of [
    ['ledger.db', 'sha256'],
    ['state.db', 'sha256'],
    [join('archive', segment!), 'archive/'],
  ] as const) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    const damaged = Buffer.from(bytes);
    damaged[damaged.length >> 1]! ^= 1;
    // A new file: the backup's segment may be another name of the daemon's own.
    rmSync(path);
    writeFileSync(path, damaged);
    const run = await codi('store', 'restore', folder, '--force');
    expect(run.exitCode, name).toBe(1);
    expect(run.notes).toContain(reason);
    writeFileSync(path, bytes);
  }
  rmSync(join(folder, 'backup.json'));
  expect((await codi('store', 'restore', folder, '--force')).notes).toContain('no complete backup');
  expect(readFileSync(join(place.dataDir, 'ledger.db'))).toEqual(before);
  expect(readdirSync(place.dataDir).filter((name) => name.startsWith('re'))).toEqual([]);
}, 90_000);

it('a backup goes into an empty folder or a backup, nowhere else', async () => {
  await filledDaemon();
  writeFileSync(join(place.home, 'mine.txt'), 'mine');
  expect((await codi('store', 'backup', place.home)).exitCode).toBe(2);
  expect((await codi('store', 'backup', join(place.dataDir, 'b'))).exitCode).toBe(2);
  const run = await codi('store', 'cat', '../ledger.db');
  expect(run).toMatchObject({ exitCode: 5, out: '' });
}, 60_000);

it('an interrupted restore keeps the daemon from starting until it is run again', async () => {
  await filledDaemon();
  const folder = join(place.home, 'backup');
  const backup = await codi('store', 'backup', folder);
  expect(backup.exitCode, backup.notes).toBe(0);
  await daemon!.stop();
  writeFileSync(join(place.dataDir, 'restore.swapping'), '');
  rmSync(join(place.dataDir, 'ledger.db'));
  await expect(startDaemon(place)).rejects.toThrow('CODI_RESTORE_UNFINISHED');
  expect(await codi('store', 'restore', folder)).toMatchObject({ exitCode: 0 });
  daemon = await startDaemon(place, [], { env });
}, 60_000);
