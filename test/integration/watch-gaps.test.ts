// A real daemon on real directories: whatever makes it doubt is a gap, with what was found when it ended.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { EventRow, GapRow } from '#codi/protocol/messages.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { boundByPermissions, canBeBound, NOT_BOUND } from '../support/file-permissions.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));

let place: DaemonPlace;
let desk: string;
let daemon: RunningDaemon;
let client: MonitorClient;

beforeEach(() => {
  place = newPlace('codi-gaps-');
  desk = join(place.home, 'desk');
  mkdirSync(desk);
});

afterEach(async () => {
  await client.close().catch(() => undefined);
  await daemon.kill().catch(() => undefined);
  place.remove();
});

async function start(
  root = desk,
  options: Parameters<typeof startDaemon>[2] = {},
): Promise<RunningDaemon> {
  daemon = await startDaemon(place, [root], options);
  client = await daemon.client();
  return daemon;
}

async function gaps(reason?: string): Promise<GapRow[]> {
  const answer = await client.request('QueryGaps', { filter: {}, limit: 100 });
  return answer.gaps.filter((gap) => reason === undefined || gap.reason === reason);
}

/** The only gap of a reason, once it is over. */
async function over(reason: string): Promise<GapRow> {
  return eventually(
    `gap ${reason} that is over`,
    async () => {
      const found = await gaps(reason);
      expect(found.length, reason).toBeLessThan(2);
      return found[0]?.closed != null && found[0];
    },
    20_000,
  );
}

async function open(reason: string): Promise<GapRow> {
  return eventually(`open gap ${reason}`, async () =>
    (await gaps(reason)).find(({ closed }) => closed == null),
  );
}

async function events(): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  for (;;) {
    const filter = { after_seq: rows.at(-1)?.seq ?? 0 };
    const answer = await client.request('QueryEvents', { filter, limit: 10_000 });
    rows.push(...answer.events);
    if (answer.events.length === 0) return rows;
  }
}

/** What the ledger says of the events that a gap counts. */
async function counted({ first_seq: first, last_seq: last }: GapRow) {
  const found: Record<string, number> = {};
  for (const { seq, seen, event } of await events())
    if (seen !== 'native' && seq >= (first ?? Infinity) && seq <= (last ?? 0))
      found[event] = (found[event] ?? 0) + 1;
  return found;
}

async function watch() {
  return (await client.request('ListWatches', {})).watches[0]!;
}

function hostPid(): number {
  const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
}

function write(...names: string[]): void {
  for (const name of names) writeFileSync(join(desk, name), name);
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `f${index}`);
}

test('A host that stood still while more happened than the kernel remembers: a gap with what only the sweep found.', async () => {
  await start();
  const host = hostPid();
  process.kill(host, 'SIGSTOP');
  // Longer than it may stand still, and not so long that it is taken for dead.
  const endMs = performance.now() + 5_000;
  let count = 0;
  while (count < 9_000 && performance.now() < endMs) write(`f${count++}`);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, endMs - performance.now())));
  process.kill(host, 'SIGCONT');
  await eventually('all files', async () => (await watch()).files === count, 30_000);
  const stalled = await over('host_stalled');
  expect(await counted(stalled)).toEqual(stalled.found);
  const all = await events();
  expect(new Set(all.map(({ path }) => path)).size).toBe(count);
  expect((await watch()).gaps ?? []).toEqual([]);
}, 60_000);

test('A host that is killed: the gap counts what happened until the next one had looked.', async () => {
  await start();
  const host = hostPid();
  process.kill(host, 'SIGSTOP');
  write(...numbered(50));
  process.kill(host, 'SIGKILL');
  const gap = await over('host_crashed');
  expect(gap.found).toEqual({ create: 50 });
  expect(gap).toMatchObject({ first_seq: 1, last_seq: 50, times: 1 });
  expect((await gaps()).map(({ reason }) => reason)).toEqual(['host_crashed']);
}, 40_000);

test('A daemon that is killed, and one that is stopped: one gap each, and its acts are proved like everything else.', async () => {
  write('a', 'b');
  await start();
  expect(await gaps()).toEqual([]);
  await daemon.kill();
  write('b', 'c', 'd');
  unlinkSync(join(desk, 'a'));
  await start();
  const killed = await over('daemon_down');
  expect(killed.found).toEqual({ create: 2, update: 1, delete: 1 });
  expect(await counted(killed)).toEqual(killed.found);
  expect(await daemon.stop()).toBe(0);
  renameSync(join(desk, 'd'), join(desk, 'e'));
  await start();
  await eventually('it is over', async () => (await gaps())[0]?.closed !== undefined);
  const [stopped, before] = await gaps();
  expect([stopped?.found, before?.id]).toEqual([{ move: 1 }, killed.id]);
  expect(Date.parse(stopped!.closed!)).toBeGreaterThan(Date.parse(stopped!.opened));
  const findings = await client.request('AuditVerify', { database: 'ledger' });
  expect(findings.findings).toEqual([]);
  const number = stopped!.closed_act!;
  const proof = await client.request('AuditProve', { stream: 'act', number } as never);
  expect(proof.number).toBe(number);
}, 60_000);

test('A daemon that is killed while a gap is open: the next one ends that gap, one row, with all that was found.', async () => {
  write('a', 'b');
  await start();
  rmSync(desk, { recursive: true });
  await open('root_gone');
  await daemon.kill();
  mkdirSync(desk);
  write('c');
  await start();
  const gap = await over('root_gone');
  expect(gap.found).toEqual({ delete: 2, create: 1 });
  expect(await counted(gap)).toEqual(gap.found);
  expect((await gaps()).map(({ reason }) => reason).sort()).toEqual(['daemon_down', 'root_gone']);
}, 60_000);

test('A root that goes and comes back is in doubt meanwhile: deleted, moved away, another one, a link.', async () => {
  write('a', 'b');
  await start();
  const away = `${desk}.away`;
  renameSync(desk, away);
  await open('root_gone');
  await eventually('it is gone', async () => (await watch()).state === 'gone');
  renameSync(away, desk);
  await eventually('it is watched', async () => (await watch()).state === 'watching');
  const moved = await over('root_gone');
  expect(moved.found).toEqual({ delete: 2, create: 2 });

  renameSync(desk, away);
  symlinkSync(away, desk);
  const link = await eventually('a link', async () => (await watch()).reason?.includes('link'));
  expect(link).toBe(true);
  unlinkSync(desk);
  mkdirSync(desk);
  write('c');
  await eventually('it is watched', async () => (await watch()).state === 'watching');
  expect((await watch()).files).toBe(1);

  renameSync(desk, `${desk}.first`);
  renameSync(away, desk);
  await client.request('Sync', {});
  await eventually('the other one', async () => (await watch()).files === 2);
}, 60_000);

test('With checksums, too, a gap says what was found: it is held back while its content is read.', async () => {
  write('a', 'b');
  await start(desk, { env: { CODI_MONITOR_CHECKSUM: 'sha256' } });
  const other = join(place.home, 'other');
  mkdirSync(other);
  for (const name of ['c', 'd', 'e']) writeFileSync(join(other, name), name);
  renameSync(desk, `${desk}.first`);
  renameSync(other, desk);
  expect((await over('root_gone')).found).toEqual({ create: 3, delete: 2 });
}, 60_000);

skipUnless(canBeBound, NOT_BOUND)(
  'What cannot be read is in doubt and not deleted: a folder, the root itself.',
  async () => {
    mkdirSync(join(desk, 'private'));
    write('a', 'private/b');
    await start(desk, boundByPermissions);
    const deleted = async () => (await events()).filter(({ event }) => event === 'delete');
    for (const closed of [join(desk, 'private'), desk]) {
      chmodSync(closed, 0o000);
      await client.request('Sync', {});
      const gap = await open('unreadable');
      expect(gap.path ?? '').toBe(closed === desk ? '' : 'private');
      expect((await watch()).gaps).toMatchObject([{ reason: 'unreadable' }]);
      const { state, reasons } = await client.request('Health', {});
      expect([state, reasons?.join()]).toEqual(['degraded', expect.stringContaining('unreadable')]);
      write(closed === desk ? 'c' : 'private/d');
      chmodSync(closed, 0o700);
      await eventually('no gap', async () => (await watch()).gaps == null, 20_000);
    }
    expect(await deleted()).toEqual([]);
    await eventually('all files', async () => (await watch()).files === 4);
  },
  60_000,
);

skipUnless(canMount, NO_MOUNTS)(
  'A root whose file system is unmounted keeps its index, and goes on when it is mounted again.',
  async () => {
    const store = join(place.home, 'store');
    mkdirSync(store);
    const under = inNamespace('mount -t tmpfs none "$1" && touch "$1/a" "$1/b"', desk);
    await start(desk, { under });
    expect((await watch()).files).toBe(2);
    besideDaemon(daemon, 'mount', '--move', desk, store);
    await open('unmounted');
    expect(await watch()).toMatchObject({
      state: 'gone',
      reason: 'its file system is not mounted',
    });
    besideDaemon(daemon, 'touch', join(store, 'c'));
    besideDaemon(daemon, 'mount', '--move', store, desk);
    const gap = await over('unmounted');
    expect(gap.found).toEqual({ create: 1 });
    expect((await events()).filter(({ event }) => event === 'delete')).toEqual([]);
  },
  60_000,
);

test('`codi watch gaps` shows them.', async () => {
  write('a');
  await start();
  await daemon.kill();
  write('b');
  await start();
  await over('daemon_down');
  const env = { ...process.env, CODI_SOCKET: place.socketPath, CODI_DATA_DIR: place.dataDir };
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [CLI, 'watch', 'gaps', ...args], { env, encoding: 'utf8' });
  expect(run()).toMatch(/daemon_down +1 created +2 to 2 +\S+desk/);
  expect(run('--open')).toBe('');
  expect(JSON.parse(run('--json', '--limit', '1'))).toMatchObject({ found: { create: 1 } });
}, 60_000);
