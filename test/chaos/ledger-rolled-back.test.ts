// Given a daemon whose ledger is signed. Break: while it is down, or its storage is, the ledger is replaced by an older
// copy of itself. Expect during: it starts and serves all the same. Expect after: it says that it is degraded, why, and
// what to do; the finding stands in the ledger; what is left is signed as another log; a restart hides nothing; no
// number is given twice, and what had them is named.
import { cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
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

async function untilDegraded() {
  return eventually('a degraded status', async () => {
    const body = await status();
    return body.state === 'degraded' && body;
  });
}

test('a ledger that was replaced by an older copy is served, and never silently', async () => {
  daemon = await startDaemon(place);
  await write(5);
  await daemon.stop();
  const older = join(place.home, 'older.db');
  cpSync(file('ledger.db'), older);
  daemon = await startDaemon(place);
  await write(5);
  await daemon.stop();
  expect(readFileSync(file('audit/ledger.checkpoint'), 'utf8').split('\n')[1]).toBe('10');
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

test('One that is put in its place while the storage is stopped is judged by the writer before it is signed', async () => {
  daemon = await startDaemon(place);
  await write(5);
  await daemon.stop();
  const older = join(place.home, 'older.db');
  cpSync(file('ledger.db'), older);
  daemon = await startDaemon(place);
  await write(5);
  expect(await ids()).toHaveLength(10);
  const debug = await daemon.debug();
  const path = 'core/storage';
  const state = async () => (await debug.call('why', { path })).state;
  await debug.call('stop', { path });
  await eventually('the storage to be stopped', async () => (await state()) === 'stopped');
  // The ten, and that the storage was stopped.
  expect(readFileSync(file('audit/ledger.checkpoint'), 'utf8').split('\n')[1]).toBe('11');
  expect(existsSync(file('ledger.db-wal'))).toBe(false);
  rmSync(file('ledger.db'));
  renameSync(older, file('ledger.db'));
  await debug.call('restart', { path });
  await eventually(
    'the storage to be back',
    async () => (await debug.call('why', { path })).is_running,
  );
  debug.close();
  const isFound = (reasons: string[] | null | undefined) =>
    reasons?.some((reason) => reason.includes('does not fit'));
  await eventually('the finding', async () => isFound((await status()).reasons));
  await write(1);
  const found = await ids();
  expect(found.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  expect(found.at(-1)).toBeGreaterThan(10);
  const client = await daemon.client();
  const { losses } = await client.request('AuditVerify', { database: 'ledger' });
  await client.close();
  const lost = losses!.flatMap(({ ranges }) => ranges).filter(({ stream }) => stream === 'log');
  for (const id of [6, 7, 8, 9, 10])
    expect(lost.some(({ first, last }) => first <= id && id <= last)).toBe(true);
}, 120_000);
