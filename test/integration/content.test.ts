// The content of watched files, as events and index say it, held against what is on disk.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { runAt } from '../support/cli-harness.ts';
import { checksumsInIndex, expectChecksums, sha256 } from '../support/contents.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { boundByPermissions, canBeBound, NOT_BOUND } from '../support/file-permissions.ts';
import { allRows } from '../support/oracle.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';

const MAX_BYTES = 1024 * 1024;
const ON = {
  CODI_MONITOR_CHECKSUM: 'sha256',
  CODI_MONITOR_CHECKSUM_MAX_SIZE: String(MAX_BYTES),
  CODI_MONITOR_CHECKSUM_AT_ONCE: '64KiB',
  CODI_MONITOR_CHECKSUM_INTERVAL: '2s',
};
const SEED = newSeed();

let place: DaemonPlace;
let daemon: RunningDaemon;
let client: MonitorClient;
let root: string;
let roots = 0;

const begin = async (options: Parameters<typeof startDaemon>[2]) => {
  daemon = await startDaemon(place, [], options);
  client = await daemon.client();
};
const end = async () => {
  await client.close();
  expect(await daemon.stop()).toBe(0);
};

beforeAll(async () => {
  place = newPlace();
  await begin({ env: ON, ...(canBeBound && boundByPermissions) });
});
beforeEach(async () => {
  root = join(place.home, `root-${(roots += 1)}`);
  mkdirSync(root);
  await client.request('StartMonitoring', { path: root, recursive: true, patterns: [] });
  await sync();
});
afterAll(async () => {
  await client.close();
  await daemon.kill().catch(() => undefined);
  place.remove();
});

const at = (path: string) => join(root, path);
/** In one step: a file that is written in place can be seen empty. */
function put(path: string, content: string): void {
  writeFileSync(join(place.home, 'new'), content);
  renameSync(join(place.home, 'new'), at(path));
}
const sync = () => client.request('Sync', {});

/** Every event of a path: `update 2c26b46b < fcde2b2e`, checksums cut short. */
async function eventsOf(...paths: string[]): Promise<string[]> {
  const body = { filter: { root }, order: 'oldest' };
  const rows = (await allRows(client, 'QueryEvents', 'events', body)) as Record<string, string>[];
  return rows
    .filter(({ path }) => paths.includes(path!))
    .map(({ event, from, path, checksum, old_checksum: old }) =>
      [
        event,
        ...(from === undefined ? [] : [from, path]),
        checksum?.slice(0, 8) ?? '-',
        ...(old === undefined ? [] : ['<', old.slice(0, 8)]),
      ].join(' '),
    );
}
const short = (text: string) => sha256(text).slice(0, 8);

it('events say the content now and before; a moved or locked file keeps it', async () => {
  const steps = [
    () => put('a', 'one'),
    () => put('a', 'two'),
    () => chmodSync(at('a'), 0o600),
    () => renameSync(at('a'), at('b')),
    () => rmSync(at('b')),
  ];
  for (const step of steps) {
    step();
    await sync();
  }
  const [one, two] = [short('one'), short('two')];
  expect(await eventsOf('a', 'b')).toEqual([
    `create ${one}`,
    `update ${two} < ${one}`,
    `attrib ${two}`,
    `move a b ${two}`,
    `delete - < ${two}`,
  ]);
});

it('large, empty and sparse files have checksums; links, FIFOs and files above the limit do not', async () => {
  writeFileSync(join(place.home, 'outside'), 'secret');
  writeFileSync(at('empty'), '');
  writeFileSync(at('large'), Buffer.alloc(MAX_BYTES, 3));
  writeFileSync(at('sparse'), '');
  truncateSync(at('sparse'), MAX_BYTES - 1);
  writeFileSync(at('above'), '');
  truncateSync(at('above'), MAX_BYTES + 1);
  symlinkSync(join(place.home, 'outside'), at('link'));
  symlinkSync(place.home, at('up'));
  spawnSync('mkfifo', [at('fifo')]);
  await expectChecksums(client, root, { maxBytes: MAX_BYTES });
  expect(Object.keys(await checksumsInIndex(client, root)).toSorted()).toEqual([
    'empty',
    'large',
    'sparse',
  ]);
});

it('a file that is written with its size and time kept is an update, whatever its size', async () => {
  const keepTime = (path: string, content: Buffer) => {
    const { atimeMs, mtimeMs } = lstatSync(at(path));
    writeFileSync(at(path), content, { flag: 'r+' });
    utimesSync(at(path), atimeMs / 1000, mtimeMs / 1000);
  };
  const whole = new Date(1_700_000_000_000);
  const [one, two, three] = [1, 2, 3].map((n) => Buffer.alloc(100_000, n));
  for (const [path, content] of [
    ['small', 'one'],
    ['large', one!],
  ] as const) {
    writeFileSync(at(path), content);
    utimesSync(at(path), whole, whole);
  }
  await expectChecksums(client, root);
  keepTime('small', Buffer.from('two'));
  keepTime('large', two!);
  await expectChecksums(client, root);
  utimesSync(at('small'), whole, whole);
  chmodSync(at('small'), 0o600);
  // Between the two it may have been looked at, and is then read again, later.
  await expectChecksums(client, root);
  const sum = (content: Buffer) => sha256(content).slice(0, 8);
  const [small, large] = [await eventsOf('small'), await eventsOf('large')];
  expect(small).toContain(`update ${short('two')} < ${short('one')}`);
  expect(small.at(-1)).toBe(`attrib ${short('two')}`);
  expect(large).toContain(`update - < ${sum(one!)}`);
  expect(large.at(-1)).toBe(`attrib ${sum(two!)}`);
  await end();
  keepTime('small', Buffer.from('six'));
  keepTime('large', three!);
  await begin({ env: ON, ...(canBeBound && boundByPermissions) });
  await expectChecksums(client, root);
  expect((await eventsOf('small')).at(-2)).toBe(`update - < ${short('two')}`);
  const { gaps } = await client.request('QueryGaps', { filter: { root }, limit: 1 });
  expect(gaps).toMatchObject([{ reason: 'daemon_down', found: { update: 2 } }]);
}, 60_000);

it('files of any age have checksums, and are not told as changed by the next daemon', async () => {
  for (const seconds of [16_725_225_600, 0, -2_177_452_800]) {
    put(`at ${seconds}`, 'x');
    utimesSync(at(`at ${seconds}`), seconds, seconds);
  }
  await expectChecksums(client, root);
  const before = await allRows(client, 'QueryEvents', 'events', { filter: { root } });
  await end();
  await begin({ env: ON, ...(canBeBound && boundByPermissions) });
  await sync();
  expect(await allRows(client, 'QueryEvents', 'events', { filter: { root } })).toEqual(before);
}, 60_000);

it('a file that grows for ever is read now and then, and in the end', async () => {
  writeFileSync(at('log'), Buffer.alloc(100_000, 1));
  const startedMs = performance.now();
  while (performance.now() - startedMs < 2_500) {
    appendFileSync(at('log'), 'line\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const elapsedMs = performance.now() - startedMs;
  await sync();
  const events = await eventsOf('log');
  const read = events.filter((line) => !line.startsWith('update -'));
  expect(events.length).toBeGreaterThan(10);
  expect(read.length).toBeLessThanOrEqual(2 + Math.ceil(elapsedMs / 2_000));
  await expectChecksums(client, root);
});

it('a directory that is swapped for a link out of the root gives nothing away', async () => {
  const outside = join(place.home, 'elsewhere');
  mkdirSync(outside);
  mkdirSync(at('dir'));
  for (let n = 0; n < 20; n++) {
    writeFileSync(join(outside, `f${n}`), `secret ${n}`);
    writeFileSync(at(`dir/f${n}`), `inside ${n}`);
  }
  renameSync(at('dir'), at('real'));
  symlinkSync(outside, at('dir'));
  await expectChecksums(client, root);
  const body = { filter: { root } };
  const rows = await allRows(client, 'QueryEvents', 'events', body);
  const secrets = Array.from({ length: 20 }, (_, n) => sha256(`secret ${n}`));
  expect(rows.filter(({ checksum }) => secrets.includes(String(checksum)))).toEqual([]);
});

const bound = skipUnless(canBeBound, NOT_BOUND);
bound('a file that may not be read has a checksum as soon as it may be', async () => {
  writeFileSync(at('locked'), 'one');
  chmodSync(at('locked'), 0);
  writeFileSync(at('open'), 'two');
  await sync();
  await vi.waitFor(async () => expect(await checksumsInIndex(client, root)).toHaveProperty('open'));
  expect((await eventsOf('locked')).filter((line) => !line.endsWith('-'))).toEqual([]);
  chmodSync(at('locked'), 0o600);
  await expectChecksums(client, root);
});

it(`after many changes at once, and a kill, every file has its checksum (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const pick = (below: number) => Math.floor(random() * below);
  const name = () => `d${pick(4)}/f${pick(25)}`;
  for (let n = 0; n < 4; n++) mkdirSync(at(`d${n}`));
  const changes = [
    () => writeFileSync(at(name()), Buffer.alloc(pick(2_000), pick(4))),
    () => appendFileSync(at(name()), 'x'.repeat(pick(50))),
    () => writeFileSync(at(name()), Buffer.alloc(pick(200_000), pick(256))),
    () => rmSync(at(name()), { force: true }),
    () => renameSync(at(name()), at(name())),
    () => chmodSync(at(name()), 0o600 + pick(64)),
    () => renameSync(at('d0'), at(`moved`)),
    () => renameSync(at('moved'), at('d0')),
    () => copyFileSync(at(name()), at(name())),
  ];
  const storm = async (count: number) => {
    for (let n = 0; n < count; n++) {
      try {
        changes[pick(changes.length)]!();
      } catch {
        // The file or directory is not there now.
      }
      if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await storm(1_000);
  await daemon.kill();
  await storm(200);
  await begin({ env: ON });
  await storm(300);
  await expectChecksums(client, root);
}, 120_000);

it('files that were there before checksums were on are read, once; a move by content is one; all can be proved', async () => {
  await end();
  for (let n = 0; n < 300; n++) writeFileSync(at(`file-${n}`), `content ${n}`);
  await begin({});
  await sync();
  expect(await checksumsInIndex(client, root)).toEqual({});
  await end();
  writeFileSync(at('file-7'), 'changed meanwhile');
  await begin({ env: ON });
  await expectChecksums(client, root);
  await end();
  await begin({ env: ON });
  await expectChecksums(client, root);
  expect((await eventsOf('file-8')).map((line) => line.split(' ')[0])).toEqual([
    'create',
    'attrib',
  ]);
  await end();
  // Only sweeps: both halves of a move are found in one look.
  await begin({ env: { ...ON, CODI_MONITOR_HINT_SOURCE: 'none' } });
  put('twin', 'content 9');
  await sync();
  for (const [from, to] of [
    ['file-8', 'moved'],
    ['file-9', 'other'],
  ] as const) {
    copyFileSync(at(from), at(to));
    rmSync(at(from));
  }
  await sync();
  expect(await eventsOf('moved')).toEqual([`move file-8 moved ${short('content 8')}`]);
  // There is another file of this content, so it may as well be a copy of that.
  expect(await eventsOf('other')).toEqual([`create ${short('content 9')}`]);
  await expectChecksums(client, root);
  const verified = await runAt(place, 'audit', 'verify', '--json');
  expect(verified.exitCode, verified.out).toBe(0);
}, 120_000);
