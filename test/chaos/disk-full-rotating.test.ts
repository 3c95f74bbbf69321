// Given a data directory on a disk of 6 MB. Break: more than twice as much is written to it. Expect during: entries
// are refused with the reason now and then, and the daemon goes on. Expect after: with nothing but its policy it has
// taken all of them; what it gave up is the oldest, without a gap, and the chains verify. Where policy lets nothing
// go it says so, keeps its reserve, and goes on once there is space.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { storedMessages, violations } from '../support/entries.ts';
import { auditVerify, epochOf, health, untilDegraded } from '../support/fault-run.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';

/** More than twice as much as the disk has. */
const ENTRIES = 1_600;
const SMALL_DISK = 'mount -t tmpfs -o size=6m tmpfs "$1"';
/** Everything may go to make room. */
const ROTATING = {
  CODI_STORAGE_KEEP_DAYS: '0',
  CODI_STORAGE_SEGMENT_BYTES: '256KiB',
  CODI_STORAGE_WAL_RESTART_BYTES: '1MiB',
};

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
/** Keeps the file systems while no daemon does. */
let keeper: ChildProcess | undefined;
beforeEach(() => {
  place = newPlace();
  mkdirSync(place.dataDir);
});
afterEach(async () => {
  await daemon?.kill();
  keeper?.kill('SIGKILL');
  [daemon, keeper] = [undefined, undefined];
  place.remove();
});

const message = (number: number) => `${number} ${randomBytes(6_000).toString('base64')}`;

async function reserveOf(client: MonitorClient): Promise<number> {
  return (await client.request('StoreStats', {})).disk_reserve_bytes ?? 0;
}

/** A client of a daemon on the small disk, once that has its reserve. */
async function startOnSmallDisk(
  env: Record<string, string>,
  under: [string, ...string[]] = inNamespace(SMALL_DISK, place.dataDir),
): Promise<{ running: RunningDaemon; client: MonitorClient }> {
  const running = (daemon = await startDaemon(place, [], {
    env: { CODI_STORAGE_DISK_RESERVE: '32MiB', ...env },
    under,
  }));
  const client = await running.client({ deadlineMs: 60_000 });
  return { running, client };
}

/** One entry after the other; resolves with those that were accepted, in their order. */
async function write(client: MonitorClient, count: number, accepted: string[] = []) {
  for (const end = accepted.length + count; accepted.length < end;) {
    const text = message(accepted.length);
    await client.log({ level: 'Info', component: 'load', message: text });
    accepted.push(text);
  }
  return accepted;
}

/** Of what was accepted the newest is there, without a gap, and once. */
async function expectNewest(client: MonitorClient, accepted: readonly string[]): Promise<void> {
  const stored = await storedMessages(client);
  expect(violations([], stored)).toEqual({ lost: [], doubled: [] });
  const left = accepted.findIndex((text) => stored.has(text));
  expect(left).toBeGreaterThan(0);
  expect(accepted.slice(left).filter((text) => !stored.has(text))).toEqual([]);
}

skipUnless(canMount, NO_MOUNTS)(
  'a full disk is cleared by policy, oldest entries first, and takes new ones by itself',
  async () => {
    const { running, client } = await startOnSmallDisk(ROTATING);
    await eventually('a reserve', async () => (await reserveOf(client)) > 0);
    const accepted = await write(client, ENTRIES);
    await expectNewest(client, accepted);
    expect(await reserveOf(client)).toBeGreaterThan(0);
    expect((await health(running)).reasons?.join()).toMatch(/the disk is full/);
    const { acts } = await client.request('QueryActs', { filter: {}, limit: 100 });
    expect(acts.some(({ kind }) => kind === 'store.retention')).toBe(true);
    expect(await epochOf(running, 'core/storage/ledger-writer')).toBe(1);
    expect(auditVerify(running)).toEqual([]);
    besideDaemon(running, 'mount', '-o', 'remount,size=60m', place.dataDir);
    await eventually('a healthy daemon', async () => (await health(running)).state === 'healthy');
    await client.close();
  },
  120_000,
);

skipUnless(canMount, NO_MOUNTS)(
  'where policy lets nothing go the daemon says so, keeps its reserve, and goes on once there is space',
  async () => {
    const { running, client } = await startOnSmallDisk({});
    const reserve = await eventually('a reserve', async () => (await reserveOf(client)) || false);
    const impatient = await running.client({ deadlineMs: 1_000 });
    const accepted: string[] = [];
    await expect(write(impatient, ENTRIES, accepted)).rejects.toMatchObject({
      code: 'CODI_DISK_FULL',
    });
    await untilDegraded(running, /policy lets nothing go/);
    expect(await reserveOf(client)).toBe(reserve);
    besideDaemon(running, 'mount', '-o', 'remount,size=60m', place.dataDir);
    await write(client, 100, accepted);
    expect(violations(accepted, await storedMessages(client))).toEqual({ lost: [], doubled: [] });
    await eventually('a healthy daemon', async () => (await health(running)).state === 'healthy');
    await Promise.all([impatient.close(), client.close()]);
  },
  60_000,
);

skipUnless(canMount, NO_MOUNTS)(
  'a daemon that is killed on a full disk starts there again with the room of its reserve',
  async () => {
    const script = `${SMALL_DISK} && echo mounted && exec sleep 300`;
    keeper = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', place.dataDir]);
    await once(keeper.stdout!, 'data');
    const under: [string, ...string[]] = ['nsenter', '-t', String(keeper.pid), '-m'];
    const first = await startOnSmallDisk(ROTATING, under);
    await eventually('a reserve', async () => (await reserveOf(first.client)) > 0);
    const accepted = await write(first.client, 400);
    const filling = 'cat /dev/zero > "$1/filler" 2> /dev/null; test -s "$1/filler"';
    besideDaemon(first.running, 'sh', '-c', filling, 'sh', place.dataDir);
    await first.running.kill();
    await first.client.close();
    const { running, client } = await startOnSmallDisk(ROTATING, under);
    await write(client, 400, accepted);
    await expectNewest(client, accepted);
    expect(auditVerify(running)).toEqual([]);
    await client.close();
  },
  120_000,
);
