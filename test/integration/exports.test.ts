import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { ExportRow } from '#codi/protocol/messages.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { runInProcess } from '../support/cli-harness.ts';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let root: string;

const FAST = { CODI_EXPORTS_SETTLE: '50ms', CODI_EXPORTS_TRANSCRIPT_SETTLE: '50ms' };

beforeEach(() => {
  place = newPlace();
  root = join(place.home, 'work');
  mkdirSync(root);
});

afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  place.remove();
});

async function rows(client: MonitorClient, filter: object = {}): Promise<ExportRow[]> {
  const { exports } = await client.request('QueryExports', {
    filter,
    limit: 1_000,
    order: 'oldest',
  });
  return exports;
}

test('an export is captured with its content, its time and its checksum', async () => {
  daemon = await startDaemon(place, [root], { env: FAST });
  const client = await daemon.client();
  const name = '2026-04-15-181648-what-is-a-ledger.txt';
  const content = 'a conversation\n'.repeat(1_000);
  writeFileSync(join(root, name), content);
  writeFileSync(join(root, 'notes.txt'), 'no export');
  const [row] = await eventually('the export to be captured', async () => {
    const found = await rows(client);
    return found.length > 0 ? found : undefined;
  });
  expect(row).toMatchObject({
    id: 1,
    original_path: join(root, name),
    size: content.length,
    checksum: createHash('sha256').update(content).digest('hex'),
    state: 'captured',
    kind: 'export',
  });
  const stored = readFileSync(join(place.dataDir, row!.archive_path!));
  expect(gunzipSync(stored).toString()).toBe(content);
  await client.close();
});

const NAME = (word: string) => `2026-04-15-181648-${word}.txt`;
const sha = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** Waits until so many rows are there, and gives them. */
function rowsOf(client: MonitorClient, count: number, filter: object = {}): Promise<ExportRow[]> {
  return eventually(`${count} exports`, async () => {
    const found = await rows(client, filter);
    return found.length >= count ? found : undefined;
  });
}

async function codi(...argv: string[]) {
  return runInProcess(argv, {
    socketPath: place.socketPath,
    cwd: place.home,
    env: { CODI_DATA_DIR: place.dataDir },
  });
}

test('what is no regular file of our own is refused, with its reason, and nothing waits for it', async () => {
  daemon = await startDaemon(place, [root], { env: { ...FAST, CODI_EXPORTS_SIZE_LIMIT: '1MiB' } });
  const client = await daemon.client();
  const at = (word: string) => join(root, NAME(word));
  const secret = join(place.home, 'secret');
  writeFileSync(secret, 'somebody else');
  symlinkSync(secret, at('link'));
  execFileSync('mkfifo', [at('pipe')]);
  writeFileSync(at('huge'), '');
  truncateSync(at('huge'), 10 * 1024 ** 3);
  writeFileSync(at('setuid'), 'x');
  chmodSync(at('setuid'), 0o4755);
  writeFileSync(at('empty'), '');
  writeFileSync(join(root, '2026-04-15-181648-new\nline.txt'), 'a');
  writeFileSync(
    Buffer.concat([
      Buffer.from(`${root}/2026-04-15-181648-`),
      Buffer.of(0xff),
      Buffer.from('.txt'),
    ]),
    'b',
  );
  const found = await rowsOf(client, 7);
  const byName = Object.fromEntries(
    found.map(({ original_path, state, reason }) => [
      original_path.slice(root.length + 19),
      `${state} ${reason ?? ''}`,
    ]),
  );
  expect(byName).toEqual({
    'link.txt': 'refused CODI_EXPORT_NOT_A_FILE',
    'pipe.txt': 'refused CODI_EXPORT_NOT_A_FILE',
    'huge.txt': 'refused CODI_EXPORT_TOO_LARGE',
    'setuid.txt': 'refused CODI_EXPORT_FOREIGN',
    'empty.txt': 'empty CODI_EXPORT_EMPTY',
    'new\nline.txt': 'captured ',
    '\ufffd.txt': 'captured ',
  });
  expect(found.find(({ original_path_b64 }) => original_path_b64 != null)).toBeDefined();
  await client.close();
});

test('a second name is captured only where file and folder are our own', async () => {
  daemon = await startDaemon(place, [root], { env: FAST });
  const client = await daemon.client();
  writeFileSync(join(place.home, 'own'), 'mine');
  linkSync(join(place.home, 'own'), join(root, NAME('own')));
  const [row] = await rowsOf(client, 1);
  expect(row).toMatchObject({ state: 'captured', checksum: sha('mine') });
  await client.close();
});

test('versions: written on, written anew, touched, copied, empty at first', async () => {
  daemon = await startDaemon(place, [root], { env: FAST });
  const client = await daemon.client();
  const path = join(root, NAME('grows'));
  const first = randomBytes(200_000);
  const more = randomBytes(1_000);
  writeFileSync(path, '');
  await rowsOf(client, 1);
  writeFileSync(path, first);
  await rowsOf(client, 2);
  appendFileSync(path, more);
  const [, , grown] = await rowsOf(client, 3);
  const whole = Buffer.concat([first, more]);
  expect(grown).toMatchObject({ state: 'captured', checksum: sha(whole), base: sha(first) });
  // What was there already is not stored again.
  expect(grown!.stored_bytes).toBeLessThan(2_000);
  utimesSync(path, new Date(), new Date());
  writeFileSync(join(root, NAME('copy')), whole);
  const [, , , copy] = await rowsOf(client, 4);
  expect(copy).toMatchObject({
    state: 'duplicate',
    original_path: join(root, NAME('copy')),
    stored_bytes: 0,
  });
  writeFileSync(path, 'anew');
  const all = await rowsOf(client, 5);
  expect(all.map(({ state }) => state)).toEqual([
    'empty',
    'captured',
    'captured',
    'duplicate',
    'captured',
  ]);
  await client.close();

  const cat = await codi('export', 'restore', '3', 'back.txt');
  expect(cat.exitCode, cat.notes).toBe(0);
  expect(readFileSync(join(place.home, 'back.txt')).equals(whole)).toBe(true);
  expect((await codi('export', 'restore', '3', 'back.txt')).exitCode).toBe(2);
  expect((await codi('export', 'restore', '2', 'back.txt', '--force')).exitCode).toBe(0);
  expect(readFileSync(join(place.home, 'back.txt')).equals(first)).toBe(true);
  expect((await codi('export', 'cat', '1')).exitCode).toBe(5);
  expect((await codi('export', 'cat', '5')).out).toBe('anew');
  const verified = await codi('export', 'verify', '--json');
  expect(verified.json()).toEqual([{ ok: true, checked: 3, findings: [] }]);
  // The middle of a chain is damaged: both that need it are named.
  writeFileSync(join(place.dataDir, all[1]!.archive_path!), 'rubbish');
  const damaged = await codi('export', 'verify', '--json');
  expect(damaged.exitCode).toBe(6);
  expect(damaged.json()[0]).toMatchObject({ ok: false, findings: [{ id: 2 }, { id: 4 }] });
});

test('a slow writer is waited for until it closes the file', async () => {
  daemon = await startDaemon(place, [root], { env: FAST });
  const client = await daemon.client();
  const path = join(root, NAME('slow'));
  const fd = openSync(path, 'w');
  const writer = openSync(path, 'r+');
  writeSync(fd, 'one ');
  // Other exports are captured meanwhile, several times the time in which this one would have been.
  for (const word of ['a', 'b', 'c', 'd']) {
    writeFileSync(join(root, NAME(word)), word);
    const name = join(root, NAME(word));
    await rowsOf(client, 1, { path: name });
  }
  expect(await rows(client, { path })).toEqual([]);
  writeSync(fd, 'two');
  closeSync(fd);
  closeSync(writer);
  const [row] = await rowsOf(client, 1, { path });
  expect(row).toMatchObject({ state: 'captured', checksum: sha('one two') });
  await client.close();
});

test('an export is found that appeared while the daemon was down, in an ignored folder, or in a folder that came later', async () => {
  const folder = join(place.home, 'later');
  const env = {
    ...FAST,
    CODI_EXPORTS_FOLDERS: folder,
    CODI_EXPORTS_TRANSCRIPTS: join(place.home, 'sessions'),
  };
  daemon = await startDaemon(place, [root], { env });
  await daemon.stop();
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'node_modules', NAME('down')), 'down');
  mkdirSync(folder);
  writeFileSync(join(folder, NAME('folder')), 'folder');
  writeFileSync(join(folder, 'other.txt'), 'other');
  mkdirSync(join(place.home, 'sessions'));
  writeFileSync(join(place.home, 'sessions', 'one.jsonl'), '{}\n');
  daemon = await startDaemon(place, [root], { env });
  const client = await daemon.client();
  const found = await rowsOf(client, 3);
  expect(found.map(({ original_path, kind }) => `${original_path} ${kind}`).sort()).toEqual([
    `${join(folder, NAME('folder'))} export`,
    `${join(place.home, 'sessions', 'one.jsonl')} transcript`,
    `${join(root, 'node_modules', NAME('down'))} export`,
  ]);
  await client.close();
});

test('a file is captured by hand, searched, and its secrets are counted and not told', async () => {
  daemon = await startDaemon(place, [root], { env: FAST });
  const client = await daemon.client();
  const token = `ghp_${'a1B2'.repeat(9)}`;
  writeFileSync(join(place.home, 'any.md'), `first\nthe key is ${token}\nlast`);
  const captured = await codi('export', 'capture', 'any.md', '--json');
  expect(captured.json()[0]).toMatchObject({ id: 1, is_new: true, secrets: { github_token: 1 } });
  expect((await codi('export', 'capture', 'any.md', '--json')).json()[0]).toMatchObject({
    is_new: false,
  });
  expect((await codi('export', 'show', '1')).out).not.toContain(token);
  expect((await codi('export', 'search', 'the key', '--json')).json()).toMatchObject([
    { id: 1, line: 2 },
  ]);
  expect((await codi('export', 'capture', 'missing.md')).exitCode).toBe(5);
  await daemon.stop();
  daemon = undefined;
  // The files are there without a daemon, too.
  expect((await codi('export', 'ls', '--json')).json()).toMatchObject([
    { id: 1, state: 'captured' },
  ]);
  expect((await codi('export', 'cat', '1')).out).toContain('last');
  await client.close().catch(() => undefined);
});

test('an export that moves is captured under the name it has then', async () => {
  daemon = await startDaemon(place, [root], { env: { ...FAST, CODI_EXPORTS_SETTLE: '400ms' } });
  const client = await daemon.client();
  writeFileSync(join(root, NAME('before')), 'moving');
  await eventually('its event', async () => {
    const { events } = await client.request('QueryEvents', { filter: {}, limit: 10 });
    return events.some(({ path }) => path === NAME('before'));
  });
  renameSync(join(root, NAME('before')), join(root, NAME('after')));
  const found = await rowsOf(client, 1, { path: join(root, NAME('after')) });
  expect(found[0]).toMatchObject({ state: 'captured', checksum: sha('moving') });
  await client.close();
});
