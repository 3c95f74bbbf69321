// The real daemon and the real folder: what clients leave there while no daemon runs, what else may lie there, and the
// commands that work without a daemon.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import type { CliRun } from '../support/cli-harness.ts';
import { runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { allRows } from '../support/oracle.ts';
import { spoolLine, spoolName } from '../support/spools-world.ts';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  place.remove();
});

const spool = (...names: string[]) => join(place.dataDir, 'spool', ...names);
const makeSpool = () => mkdirSync(spool(), { recursive: true, mode: 0o700 });
const put = (name: string, ...lines: string[]) =>
  writeFileSync(spool(name), lines.join(''), { mode: 0o600 });
const standalone = () =>
  MonitorClient.connect({
    dataDir: place.dataDir,
    socketPath: place.socketPath,
    spool: true,
    retry: { attempts: 1, maxMs: 200 },
  });
const entry = (index: number) => ({
  level: 'Info' as const,
  component: 'spool',
  message: `entry ${index}`,
  metadata: { big: 2n ** 63n, text: 'ß\u2028\u0007' },
});
const expected = (count: number) => Array.from({ length: count }, (_, index) => `entry ${index}`);
const cli = (...line: string[]): Promise<CliRun> =>
  runInProcess([...line, '--data-dir', place.dataDir, '--socket', place.socketPath]);

async function stored(component = 'spool') {
  const client = await daemon!.client();
  const body = { filter: { component }, order: 'oldest', count: 'none' };
  const rows = await allRows(client, 'QueryLogs', 'entries', body);
  await client.close();
  return rows;
}

async function start(): Promise<void> {
  daemon = await startDaemon(place);
  const client = await daemon.client();
  const isEmpty = async () => {
    const { spools } = await client.request('Health', {});
    return existsSync(spool()) && spools?.files === 0 && !readdirSync(spool()).some(isWaiting);
  };
  await eventually('the spool to be read', isEmpty);
  await client.close();
}
/** It may be removed at any moment. */
function isWaiting(name: string): boolean {
  if (!/\.jsonl(\.draining)?$/.test(name)) return false;
  const found = statSync(spool(name), { throwIfNoEntry: false });
  return found?.isFile() === true && found.nlink === 1;
}

test('What a program left behind is stored once and in order, exactly as it was handed in.', async () => {
  const client = await standalone();
  await client.batch(expected(3_000).map((_, index) => entry(index)));
  await client.close();
  expect(statSync(spool()).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(spool())) expect(statSync(spool(name)).mode & 0o777).toBe(0o600);
  await start();
  const rows = await stored();
  expect(rows.map((row) => row['message'])).toEqual(expected(3_000));
  expect(rows[0]?.['metadata']).toEqual({ big: 2n ** 63n, text: 'ß\u2028\u0007' });
  expect(readdirSync(spool())).toEqual([]);
});

test('A program that lives on comes over in order when the daemon is back.', async () => {
  const client = await standalone();
  let sent = 0;
  const answers: Promise<{ place: string }>[] = [];
  const timer = setInterval(() => {
    for (let index = 0; index < 5; index++) answers.push(client.log(entry(sent++)));
  }, 2);
  await eventually('some entries', () => client.counts.spooled > 200);
  daemon = await startDaemon(place);
  // The spool is written to while it is taken in: on a busy machine they come together late.
  await eventually('the hand-over', () => client.mode === 'connected', 45_000);
  const atHandOver = sent;
  await eventually('some more', () => sent > atHandOver + 100);
  clearInterval(timer);
  const places = await Promise.all(answers);
  expect(new Set(places.map((answer) => answer.place))).toEqual(new Set(['spool', 'ledger']));
  expect((await stored()).map((row) => row['message'])).toEqual(expected(sent));
  await client.close();
}, 90_000);

test('Bad lines are kept aside with their numbers; a file that was half read is begun again.', async () => {
  makeSpool();
  put(spoolName(1), spoolLine(1), 'bad\n', spoolLine(2), '\ufffd\n', spoolLine(3), '{"producer');
  put(`${spoolName(2)}.draining`, spoolLine(1, { producer_id: 'q' }, { message: 'q1' }));
  appendFileSync(spool(spoolName(3)), Buffer.from([0xff, 0xfe, 0x0a]));
  await start();
  expect((await stored('c')).map((row) => row['message'])).toEqual(
    expect.arrayContaining(['m1', 'm2', 'm3', 'q1']),
  );
  const aside = (name: string) =>
    readFileSync(spool(`${name}.rejected`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  expect(aside(spoolName(1))).toEqual([
    { line: 2, reason: 'it is no JSON', text: 'bad' },
    { line: 4, reason: 'it is no JSON', text: '\ufffd' },
    { line: 6, reason: 'the file ends in the middle of it', text: '{"producer' },
  ]);
  expect(aside(spoolName(3))).toEqual([{ line: 1, reason: 'it is no UTF-8', base64: '//4=' }]);
  const status = await cli('status');
  expect(status.out).toContain('2 files with rejected lines');
});

test('Links, pipes, files with a second name and strange names are left alone and hold nothing up.', async () => {
  makeSpool();
  const outside = join(place.home, 'outside.jsonl');
  writeFileSync(outside, spoolLine(1, { producer_id: 'x' }, { message: 'from outside' }));
  symlinkSync(outside, spool(spoolName(1)));
  linkSync(outside, spool(spoolName(2)));
  execFileSync('mkfifo', [spool(spoolName(3))]);
  mkdirSync(spool(spoolName(4)));
  put('..jsonl', spoolLine(1));
  put(`${'a'.repeat(200)}\u001b[31m.jsonl`, spoolLine(1));
  put(spoolName(5), spoolLine(1));
  chmodSync(spool(spoolName(5)), 0o666);
  put(spoolName(6), spoolLine(1, {}, { message: 'ours' }));
  daemon = await startDaemon(place);
  await eventually('our own file', async () => (await stored('c')).length > 0);
  expect((await stored('c')).map((row) => row['message'])).toEqual(['ours']);
  expect(readdirSync(spool())).toHaveLength(7);
  expect(readFileSync(outside, 'utf8')).toContain('from outside');
  expect(daemon!.stderr()).not.toContain('\u001b[31m');
});

test('A folder that others may look into is not read, and the daemon says so.', async () => {
  makeSpool();
  put(spoolName(1), spoolLine(1));
  chmodSync(spool(), 0o755);
  daemon = await startDaemon(place);
  const status = await eventually('the reason', async () => {
    const run = await cli('status');
    return run.out.includes('spool') && run;
  });
  expect(status).toMatchObject({ exitCode: 6 });
  expect(status.out).toContain('others may look into it');
  expect(await stored('c')).toEqual([]);
  const client = await standalone();
  await client.close();
});

test('codi log and codi session work without a daemon and say where things are; codi query says what to do.', async () => {
  const log = await cli('log', 'while', 'you', 'were', 'away', '--component', 'spool');
  expect(log).toMatchObject({ exitCode: 0, out: '' });
  expect(log.notes).toMatch(/^no daemon can be reached: the entry is in .*\/spool and .*\n$/);
  const json = await cli('log', 'again', '--component', 'spool', '--json');
  expect(json.json()).toMatchObject([{ message: 'again', spooled: true }]);
  const session = await cli('session', 'start', '--identity', 'ana', '--id', 'S-1', '-q');
  expect(session).toMatchObject({ exitCode: 0, out: 'S-1\n' });
  expect(session.notes).toContain('the start of session S-1 is in');
  expect(await cli('session', 'end', 'S-1')).toMatchObject({ exitCode: 0, out: '' });
  const query = await cli('query');
  expect(query).toMatchObject({ exitCode: 69 });
  expect(query.notes).toContain('`codi up`');
  expect(query.notes).toContain('--offline');

  const before = new Date().toISOString();
  await start();
  expect(
    (await stored())
      .map((row) => String(row['message']))
      .sort((one, two) => one.localeCompare(two)),
  ).toEqual(['again', 'while you were away']);
  const [row] = (await cli('session', 'ls', '--json')).json();
  expect(row).toMatchObject({ session_id: 'S-1', identity: 'ana' });
  expect(String(row!['started_at']) < before, 'when it happened, not when it was read').toBe(true);
  expect(row!['ended_at']).toBeTruthy();
});
