import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { exportPlace } from '#codi/workers/storage/exports/export-rows.js';
import { ReadConnection } from '#codi/workers/storage/read-connection.js';
import { runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import {
  codiExport,
  exportName,
  exportRows,
  sha256,
  someExports as rowsOf,
} from '../support/exports.ts';

const TIMEOUT_MS = 60_000;

let place: DaemonPlace;
let daemon: RunningDaemon;
let client: MonitorClient;
let root: string;
/** Of one test. */
let folder: string;
let folders = 0;

// A daemon for all of them: each has a folder of its own.
beforeAll(async () => {
  place = newPlace();
  root = join(place.home, 'work');
  mkdirSync(root);
  await start();
}, TIMEOUT_MS);

afterAll(async () => {
  await client?.close();
  await daemon?.stop();
  place.remove();
}, TIMEOUT_MS);

beforeEach(() => {
  folder = join(root, `of-test-${++folders}`);
  mkdirSync(folder);
});

async function start(): Promise<void> {
  daemon = await startDaemon(place, [root], {
    env: {
      CODI_EXPORTS_SETTLE: '50ms',
      CODI_EXPORTS_TRANSCRIPT_SETTLE: '50ms',
      CODI_EXPORTS_FOLDERS: join(place.home, 'later'),
      CODI_EXPORTS_TRANSCRIPTS: join(place.home, 'sessions'),
    },
  });
  client = await daemon.client();
}

const at = (word: string) => join(folder, exportName(word));
const codi = (...argv: string[]) => codiExport(place, ...argv);

test('an export is captured with its content, its time and its checksum', async () => {
  const content = 'a conversation\n'.repeat(1_000);
  writeFileSync(at('what-is-a-ledger'), content);
  writeFileSync(join(folder, 'notes.txt'), 'no export');
  const [row] = await rowsOf(client, 1, folder);
  expect(row).toMatchObject({
    original_path: at('what-is-a-ledger'),
    size: content.length,
    checksum: sha256(content),
    state: 'captured',
    kind: 'export',
  });
  const stored = readFileSync(join(place.dataDir, row!.archive_path!));
  expect(gunzipSync(stored).toString()).toBe(content);
});

test(
  'versions: written on, written anew, touched, copied, empty at first',
  async () => {
    const path = at('grows');
    const first = randomBytes(200_000);
    const more = randomBytes(1_000);
    writeFileSync(path, '');
    await rowsOf(client, 1, folder);
    writeFileSync(path, first);
    await rowsOf(client, 2, folder);
    appendFileSync(path, more);
    const [, , grown] = await rowsOf(client, 3, folder);
    const whole = Buffer.concat([first, more]);
    expect(grown).toMatchObject({
      state: 'captured',
      checksum: sha256(whole),
      base: sha256(first),
    });
    // What was there already is not stored again.
    expect(grown!.stored_bytes).toBeLessThan(2_000);
    utimesSync(path, new Date(), new Date());
    writeFileSync(at('copy'), whole);
    const [, , , copy] = await rowsOf(client, 4, folder);
    expect(copy).toMatchObject({
      state: 'duplicate',
      original_path: at('copy'),
      stored_bytes: 0,
    });
    writeFileSync(path, 'anew');
    const all = await rowsOf(client, 5, folder);
    expect(all.map(({ state }) => state)).toEqual([
      'empty',
      'captured',
      'captured',
      'duplicate',
      'captured',
    ]);

    const [empty, one, two, again, last] = all.map(({ id }) => String(id));
    const cat = await codi('restore', two!, 'back.txt');
    expect(cat.exitCode, cat.notes).toBe(0);
    expect(readFileSync(join(place.home, 'back.txt')).equals(whole)).toBe(true);
    expect((await codi('restore', two!, 'back.txt')).exitCode).toBe(2);
    expect((await codi('restore', one!, 'back.txt', '--force')).exitCode).toBe(0);
    expect(readFileSync(join(place.home, 'back.txt')).equals(first)).toBe(true);
    expect((await codi('cat', empty!)).exitCode).toBe(5);
    expect((await codi('cat', last!)).out).toBe('anew');
    const verified = await codi('verify', one!, two!, again!, last!, '--json');
    expect(verified.json()).toEqual([{ ok: true, checked: 3, findings: [] }]);
    // The middle of a chain is damaged: both that need it are named.
    writeFileSync(join(place.dataDir, all[1]!.archive_path!), 'rubbish');
    const damaged = await codi('verify', one!, two!, again!, '--json');
    expect(damaged.exitCode).toBe(6);
    expect(damaged.json()[0]).toMatchObject({
      ok: false,
      findings: [{ id: Number(one) }, { id: Number(again) }],
    });
  },
  TIMEOUT_MS,
);

test('a slow writer is waited for until it closes the file', async () => {
  const fd = openSync(at('slow'), 'w');
  const writer = openSync(at('slow'), 'r+');
  writeSync(fd, 'one ');
  // Other exports are captured meanwhile, several times the time in which this one would have been.
  for (const word of ['a', 'b', 'c']) {
    writeFileSync(at(word), `beside it ${word}`);
    await rowsOf(client, 1, at(word));
  }
  expect(await exportRows(client, at('slow'))).toEqual([]);
  writeSync(fd, 'two');
  closeSync(fd);
  closeSync(writer);
  const [row] = await rowsOf(client, 1, at('slow'));
  expect(row).toMatchObject({ state: 'captured', checksum: sha256('one two') });
});

test('an export that moves is captured under the name it has then', async () => {
  const fd = openSync(at('before'), 'w');
  writeSync(fd, 'moving');
  await eventually('its event', async () => {
    const filter = { path: at('before') };
    const { events } = await client.request('QueryEvents', { filter, limit: 10 });
    return events.length > 0;
  });
  // Where it took long to get here, what there was until now may have been captured already.
  writeSync(fd, ' on');
  renameSync(at('before'), at('after'));
  closeSync(fd);
  const [row] = await rowsOf(client, 1, at('after'));
  expect(row).toMatchObject({ state: 'captured', checksum: sha256('moving on') });
});

test('a file is captured by hand, searched, and its secrets are counted and not told', async () => {
  const token = `ghp_${'a1B2'.repeat(9)}`;
  const file = join(place.home, 'any.md');
  writeFileSync(file, `first\nthe key is ${token}\nlast`);
  const [captured] = (await codi('capture', 'any.md', '--json')).json();
  expect(captured).toMatchObject({ is_new: true, secrets: { github_token: 1 } });
  expect((await codi('capture', 'any.md', '--json')).json()).toMatchObject([{ is_new: false }]);
  const { id } = captured as { id: number };
  expect((await codi('show', String(id))).out).not.toContain(token);
  expect((await codi('search', 'the key', '--json')).json()).toMatchObject([{ id, line: 2 }]);
  const redacted = 'the key is [redacted:github_token]';
  expect((await codi('cat', String(id), '--redact')).out).toBe(`first\n${redacted}\nlast`);
  expect((await codi('search', 'the key', '--redact')).out).toBe(`${id}:2: ${redacted}\n`);
  const { socketPath } = place;
  // Who names the socket alone reads what that daemon has.
  const cat = await runInProcess(['export', 'cat', String(id)], { socketPath });
  expect(cat.out).toBe(`first\nthe key is ${token}\nlast`);
  const elsewhere = ['export', 'cat', String(id), '--data-dir', join(place.home, 'elsewhere')];
  expect((await runInProcess(elsewhere, { socketPath })).out).toBe('');
  const complete = await runInProcess(['__complete', '--', 'export', 'cat', ''], { socketPath });
  expect(complete.out.split('\n')).toContain(String(id));
  const wrong = await codi('restore', 'abc', 'x');
  expect([wrong.exitCode, wrong.notes]).toEqual([
    2,
    expect.stringContaining('codi export restore --help'),
  ]);
  expect((await codi('restore', String(id))).notes).toContain('codi export restore --help');
  expect((await codi('capture', 'missing.md')).exitCode).toBe(5);
});

test(
  'an export is found that appeared while the daemon was down, in an ignored folder, or in a folder that came later',
  async () => {
    await client.request('Sync', {});
    await client.close();
    await daemon.stop();
    // How far the events were read is kept, so that the next start does not read them again.
    const ledger = new ReadConnection('ledger', { dataDir: place.dataDir });
    const [kept] = ledger.prepare('SELECT max(seq) AS seq FROM file_events').all() as object[];
    expect(exportPlace(ledger)).toMatchObject(kept!);
    ledger.close();
    // What was captured is there without a daemon, too.
    const [newest] = (await codi('ls', '--json', '--limit', '1')).json() as { id: number }[];
    expect((await codi('cat', String(newest!.id))).out).toContain('last');

    const later = join(place.home, 'later');
    const sessions = join(place.home, 'sessions');
    for (const name of [join(folder, 'node_modules'), later, sessions]) mkdirSync(name);
    writeFileSync(join(folder, 'node_modules', exportName('down')), 'down');
    writeFileSync(join(later, exportName('later')), 'folder');
    writeFileSync(join(later, 'other.txt'), 'other');
    writeFileSync(join(sessions, 'one.jsonl'), '{}\n');
    await start();
    const shown = async (path: string) =>
      (await rowsOf(client, 1, path)).map((row) => [row.original_path, row.kind]);
    expect(await shown(later)).toEqual([[join(later, exportName('later')), 'export']]);
    expect(await shown(sessions)).toEqual([[join(sessions, 'one.jsonl'), 'transcript']]);
    expect(await shown(folder)).toEqual([
      [join(folder, 'node_modules', exportName('down')), 'export'],
    ]);
  },
  TIMEOUT_MS,
);
