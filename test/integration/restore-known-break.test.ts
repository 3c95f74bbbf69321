import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAt, runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';

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

const codiAt = (dataDir: string, ...line: string[]) => runAt({ ...place, dataDir }, ...line);
const codi = (...line: string[]) => codiAt(place.dataDir, ...line);
const backupDir = () => join(place.home, 'backup');

async function write(name: string, count: number): Promise<void> {
  const client = await daemon!.client();
  for (let at = 0; at < count; at++)
    await client.log({ level: 'Info', component: 'c', message: `${name} ${at}` });
  await client.close();
}

/** A backup, and more that was signed after it. */
async function backedUp(): Promise<void> {
  daemon = await startDaemon(place);
  await write('before', 8);
  await onceSigned();
  expect((await codi('store', 'backup', backupDir())).exitCode).toBe(0);
  await write('after', 8);
  await daemon.stop();
}

async function stateOnceSigned() {
  daemon = await startDaemon(place);
  await write('later', 1);
  const state = await onceSigned();
  await daemon.stop();
  return state;
}

async function onceSigned() {
  const client = await daemon!.client();
  const { audit } = await eventually('a signature', async () => {
    const body = await client.request('Health', {});
    return body.audit?.some(({ database }) => database === 'ledger') ? body : undefined;
  });
  const body = await client.request('Health', {});
  await client.close();
  return { ...body, audit };
}

it('a restore is shown as a known break and is no alarm; a swapped file still is one', async () => {
  await backedUp();
  const signed = Number(
    readFileSync(join(place.dataDir, 'audit/ledger.checkpoint'), 'utf8').split('\n')[1],
  );
  expect((await codi('store', 'restore', backupDir(), '--force')).exitCode).toBe(0);
  const [name] = readdirSync(join(place.dataDir, 'audit/breaks'));
  const note = readFileSync(join(place.dataDir, 'audit/breaks', name!), 'utf8');
  expect(note).toContain(`codi replaces codi.local/`);
  const verified = await codi('audit', 'verify', '--json');
  expect(verified.exitCode).toBe(0);
  const [report] = verified.json() as [{ breaks: Record<string, unknown>[] }];
  expect(report.breaks).toMatchObject([{ database: 'ledger', replaced_size: signed }]);

  expect(await stateOnceSigned()).toMatchObject({ state: 'healthy', reasons: [] });
  const head = await codi('audit', 'head');
  expect(head.exitCode).toBe(0);
  expect(head.notes).toContain(
    `in place of ${signed} that were signed, restored from the backup of`,
  );
  expect((await codi('audit', 'verify')).out).toContain('known break: ledger.db');

  // The same ledger put there by hand: nothing has signed that.
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(place.dataDir, `ledger.db${suffix}`), { force: true });
  cpSync(join(backupDir(), 'ledger.db'), join(place.dataDir, 'ledger.db'));
  expect((await codi('audit', 'verify')).exitCode).toBe(6);
  expect(await stateOnceSigned()).toMatchObject({ state: 'degraded' });
}, 180_000);

it('a note of a break that does not hold is a finding', async () => {
  await backedUp();
  expect((await codi('store', 'restore', backupDir(), '--force')).exitCode).toBe(0);
  const folder = join(place.dataDir, 'audit/breaks');
  const [name] = readdirSync(folder);
  const text = readFileSync(join(folder, name!), 'utf8');
  rmSync(join(folder, name!));
  writeFileSync(join(folder, name!), text.replace('codi because restored', 'codi because lost'));
  const verified = await codi('audit', 'verify');
  expect(verified.exitCode).toBe(6);
  expect(verified.out).toContain(`audit/breaks/${name} does not hold`);
}, 180_000);

it('a restore into a directory that is not there goes on from what the backup has signed, with a key of its own', async () => {
  await backedUp();
  renameSync(place.dataDir, join(place.home, 'burnt'));
  expect((await codi('store', 'restore', backupDir())).exitCode).toBe(0);
  expect(statSync(place.dataDir).mode & 0o777).toBe(0o700);
  expect(existsSync(join(place.dataDir, 'audit/former/key.pub'))).toBe(true);
  const verified = await codi('audit', 'verify');
  expect(verified).toMatchObject({ exitCode: 0, notes: '' });
  const size = () =>
    Number(readFileSync(join(place.dataDir, 'audit/ledger.checkpoint'), 'utf8').split('\n')[1]);
  expect(size()).toBeGreaterThan(0);
  expect(await stateOnceSigned()).toMatchObject({ state: 'healthy', reasons: [] });
  expect((await codi('audit', 'verify')).exitCode).toBe(0);
}, 180_000);

it('a backup whose ledger is not what its checkpoints say is refused', async () => {
  await backedUp();
  // Another ledger, whole in itself, with a manifest that fits it.
  const other = newPlace();
  const second = await startDaemon(other);
  const client = await second.client();
  await client.log({ level: 'Info', component: 'c', message: 'another history' });
  await client.close();
  const theirs = join(other.home, 'theirs');
  const run = await runInProcess(['store', 'backup', theirs, '--data-dir', other.dataDir], {
    socketPath: other.socketPath,
    cwd: other.home,
  });
  expect(run.exitCode).toBe(0);
  await second.stop();
  for (const name of ['ledger.db', 'state.db', 'backup.json'])
    cpSync(join(theirs, name), join(backupDir(), name));
  other.remove();
  const restored = await codi('store', 'restore', backupDir(), '--force');
  expect(restored.exitCode).not.toBe(0);
  expect(restored.notes).toContain('ledger.db does not continue it');
}, 180_000);
