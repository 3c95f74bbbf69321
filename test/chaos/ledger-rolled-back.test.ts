// Given a daemon whose ledger is signed. Break: while it is down, or its storage is, the ledger is replaced by an older
// copy of itself. Expect during: it starts and serves all the same. Expect after: it says that it is degraded, why, and
// what to do; the finding stands in the ledger; what is left is signed as another log; a restart hides nothing; no
// number is given twice, and what had them is named.
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

let place: DaemonPlace;
const file = (name: string) => join(place.dataDir, name);
let daemon: RunningDaemon | undefined;
beforeEach(() => void (place = newPlace()));
afterEach(async () => {
  await daemon?.stop();
  place.remove();
});

async function write(count: number): Promise<void> {
  const client = await daemon!.client();
  for (let n = 0; n < count; n++)
    await client.log({ level: 'Info', component: 'test', message: `entry ${n}` });
  await client.close();
}

async function ids(): Promise<number[]> {
  const client = await daemon!.client();
  const page = await client.request('QueryLogs', { filter: {}, limit: 100, order: 'oldest' });
  await client.close();
  return page.entries.map(({ id }) => id);
}

async function status() {
  const client = await daemon!.client();
  const body = await client.request('Health', {});
  await client.close();
  return body;
}

const signedBlocks = () =>
  Number(readFileSync(file('audit/ledger.checkpoint'), 'utf8').split('\n')[1]);

/** A ledger of ten entries, of which the copy has five. */
async function withOlderCopy(): Promise<string> {
  daemon = await startDaemon(place);
  await write(5);
  await daemon.stop();
  const older = join(place.home, 'older.db');
  cpSync(file('ledger.db'), older);
  daemon = await startDaemon(place);
  await write(5);
  expect(await ids()).toHaveLength(10);
  // What nobody signed nobody would miss.
  await eventually('all to be signed', () => signedBlocks() === 10);
  return older;
}

/** The five are there, the others are named, and what came since has numbers that nobody had. */
async function expectNamed(): Promise<void> {
  const found = await ids();
  expect(found.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  expect(found.length).toBeGreaterThan(5);
  expect(found[5]).toBeGreaterThan(10);
  const client = await daemon!.client();
  const { losses } = await client.request('AuditVerify', { database: 'ledger' });
  await client.close();
  const lost = losses!.flatMap(({ ranges }) => ranges).filter(({ stream }) => stream === 'log');
  for (const id of [6, 7, 8, 9, 10])
    expect(lost.some(({ first, last }) => first <= id && id <= last)).toBe(true);
  // Without the numbers that were left out.
  expect((await status()).ledger!.entries).toBe(found.length);
}

async function untilFound(): Promise<void> {
  const isFound = (reasons: string[] | null | undefined) =>
    reasons?.some((reason) => reason.includes('does not fit'));
  await eventually('the finding', async () => isFound((await status()).reasons));
}

async function untilDegraded() {
  return eventually('a degraded status', async () => {
    const body = await status();
    return body.state === 'degraded' && body;
  });
}

test('a ledger that was replaced by an older copy is served, and never silently', async () => {
  const older = await withOlderCopy();
  await daemon!.stop();
  renameSync(older, file('ledger.db'));

  daemon = await startDaemon(place);
  const reason = expect.stringMatching(/^ledger\.db does not fit .*codi audit verify/);
  expect((await untilDegraded()).reasons).toEqual([reason]);
  const client = await daemon.client();
  const [act] = await eventually('the administrative act', async () => {
    const { acts } = await client.request('QueryActs', {
      filter: { kind: 'audit.alarm' },
      limit: 10,
    });
    return acts.length > 0 && acts;
  });
  expect(act).toMatchObject({
    subject: 'ledger.db',
    data: { reason: 'its first 10 blocks are not the ones that were signed' },
  });
  await client.close();
  await write(1);
  await eventually('a checkpoint of the other log', () => {
    const [origin, size] = readFileSync(file('audit/ledger.checkpoint'), 'utf8').split('\n');
    return /\/ledger\.\d+$/.test(origin!) && size === '12';
  });

  await daemon.stop();
  daemon = await startDaemon(place);
  expect((await untilDegraded()).reasons).toEqual([reason]);
}, 120_000);

test('No number is given twice although the public key is damaged as well.', async () => {
  const older = await withOlderCopy();
  await daemon!.stop();
  renameSync(older, file('ledger.db'));
  writeFileSync(file('audit/key.pub'), 'damaged\n');
  daemon = await startDaemon(place);
  await untilFound();
  await write(1);
  await expectNamed();
}, 120_000);

test('One that is put in its place while the storage is stopped is judged by the writer before it is signed', async () => {
  const older = await withOlderCopy();
  const debug = await daemon!.debug();
  const path = 'core/storage';
  const why = () => debug.call('why', { path });
  await debug.call('stop', { path });
  await eventually('the storage to be stopped', async () => (await why()).state === 'stopped');
  // The ten, and that the storage was stopped.
  expect(signedBlocks()).toBe(11);
  expect(existsSync(file('ledger.db-wal'))).toBe(false);
  renameSync(older, file('ledger.db'));
  await debug.call('restart', { path });
  await eventually('the storage to be back', async () => (await why()).is_running);
  debug.close();
  await untilFound();
  await write(1);
  await expectNamed();
}, 120_000);

test('One that takes its place while the daemon runs is opened before anything more is accepted for long', async () => {
  const older = await withOlderCopy();
  for (const end of ['-wal', '-shm']) rmSync(file(`ledger.db${end}`));
  renameSync(older, file('ledger.db'));
  await untilFound();
  await write(1);
  await expectNamed();
  await daemon!.kill();
  daemon = await startDaemon(place);
  await expectNamed();
}, 120_000);
