// Whoever can write to a watched folder can put anything under the name of an export.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { exportName, exportRows, sha256, someExports as rowsOf } from '../support/exports.ts';
import { boundByPermissions, canBeBound, NOT_BOUND } from '../support/file-permissions.ts';
import { skipUnless } from '../support/skip.ts';

const TIMEOUT_MS = 60_000;
const SOMEBODY = 12_345;
const isRoot = process.getuid?.() === 0;
const NOT_ROOT = 'files of somebody else, and devices, are made by root';

let place: DaemonPlace;
let daemon: RunningDaemon;
let client: MonitorClient;
let root: string;
const at = (word: string) => join(root, exportName(word));

beforeAll(async () => {
  place = newPlace();
  root = join(place.home, 'work');
  mkdirSync(root);
  const env = { CODI_EXPORTS_SETTLE: '50ms', CODI_EXPORTS_SIZE_LIMIT: '1MiB' };
  daemon = await startDaemon(place, [root], { env, ...(canBeBound && boundByPermissions) });
  client = await daemon.client();
}, TIMEOUT_MS);

afterAll(async () => {
  await client?.close();
  await daemon?.stop();
  place.remove();
}, TIMEOUT_MS);

async function outcome(word: string): Promise<string> {
  const [row] = await rowsOf(client, 1, at(word));
  return `${row!.state} ${row!.reason ?? ''}`.trim();
}

test(
  'what is no regular file of our own is refused, with its reason, and nothing waits for it',
  async () => {
    const secret = join(place.home, 'secret');
    writeFileSync(secret, 'somebody else');
    symlinkSync(secret, at('link'));
    execFileSync('mkfifo', [at('pipe')]);
    writeFileSync(at('huge'), '');
    truncateSync(at('huge'), 10 * 1024 ** 3);
    writeFileSync(at('setuid'), 'x');
    chmodSync(at('setuid'), 0o4755);
    writeFileSync(at('empty'), '');
    writeFileSync(at('new\nline'), 'a');
    const bytes = [`${root}/2026-04-15-181648-`, Buffer.of(0xff), '.txt'];
    writeFileSync(Buffer.concat(bytes.map((part) => Buffer.from(part))), 'b');
    expect(await outcome('link')).toBe('refused CODI_EXPORT_NOT_A_FILE');
    expect(await outcome('pipe')).toBe('refused CODI_EXPORT_NOT_A_FILE');
    expect(await outcome('huge')).toBe('refused CODI_EXPORT_TOO_LARGE');
    expect(await outcome('setuid')).toBe('refused CODI_EXPORT_FOREIGN');
    expect(await outcome('empty')).toBe('empty CODI_EXPORT_EMPTY');
    expect(await outcome('new\nline')).toBe('captured');
    expect(await outcome('\ufffd')).toBe('captured');
    const [odd] = await exportRows(client, at('\ufffd'));
    expect(odd!.original_path_b64).toBeDefined();
  },
  TIMEOUT_MS,
);

test('a second name is captured where file and folder are our own', async () => {
  writeFileSync(join(place.home, 'own'), 'mine');
  linkSync(join(place.home, 'own'), at('own'));
  const [row] = await rowsOf(client, 1, at('own'));
  expect(row).toMatchObject({ state: 'captured', checksum: sha256('mine') });
});

skipUnless(isRoot, NOT_ROOT)('a second name of a file of somebody else is refused', async () => {
  const foreign = join(place.home, 'foreign');
  writeFileSync(foreign, 'readable, and not ours');
  chownSync(foreign, SOMEBODY, SOMEBODY);
  linkSync(foreign, at('foreign'));
  expect(await outcome('foreign')).toBe('refused CODI_EXPORT_FOREIGN');
});

skipUnless(isRoot, NOT_ROOT)('a second name in a folder of somebody else is refused', async () => {
  const folder = join(root, 'shared');
  mkdirSync(folder);
  chownSync(folder, SOMEBODY, SOMEBODY);
  const path = join(folder, exportName('ours'));
  writeFileSync(join(place.home, 'ours'), 'ours');
  linkSync(join(place.home, 'ours'), path);
  const [row] = await rowsOf(client, 1, path);
  expect(row).toMatchObject({ state: 'refused', reason: 'CODI_EXPORT_FOREIGN' });
});

skipUnless(isRoot, NOT_ROOT)('a device is refused', async () => {
  execFileSync('mknod', [at('device'), 'c', '1', '3']);
  expect(await outcome('device')).toBe('refused CODI_EXPORT_NOT_A_FILE');
});

skipUnless(canBeBound, NOT_BOUND)(
  'what cannot be read is said, and captured once it can',
  async () => {
    writeFileSync(at('closed'), 'closed');
    chmodSync(at('closed'), 0);
    expect(await outcome('closed')).toBe('unreadable CODI_EXPORT_UNREADABLE');
    chmodSync(at('closed'), 0o600);
    const row = await eventually('its content', async () =>
      (await exportRows(client, at('closed'))).find(({ state }) => state === 'captured'),
    );
    expect(row.checksum).toBe(sha256('closed'));
  },
);
