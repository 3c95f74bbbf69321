// Every recorded event as a line of JSON and one for people: each once, in order, whatever happens to the daemon.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { MONITOR_ENTRY, newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';

type Row = { seq: number; event: string; path: string };

let place: ReturnType<typeof newPlace>;
let daemon: RunningDaemon | undefined;
let folder: string;
beforeEach(() => {
  place = newPlace();
  folder = join(place.home, 'watched');
  mkdirSync(folder);
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  place.remove();
});

const start = async (env: Record<string, string>) => {
  daemon = await startDaemon(place, [folder], { env });
  return daemon;
};
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

/** The lines of a log with all that it was renamed to, the oldest first. */
function wholeLog(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const directory = path.slice(0, path.lastIndexOf('/'));
  const numberOf = (file: string) => Number(file.slice(name.length + 1) || 0);
  return readdirSync(directory)
    .filter((file) => file === name || file.startsWith(`${name}.`))
    .sort((a, b) => numberOf(b) - numberOf(a))
    .map((file) => readFileSync(join(directory, file), 'utf8'))
    .join('');
}

async function recorded(): Promise<Row[]> {
  const { out } = await runAt(place, 'events', '--json', '--limit', '100000');
  return rowsOf(out).sort((a, b) => a.seq - b.seq);
}

const until = (check: () => unknown, wanted: unknown) =>
  expect.poll(check, { timeout: 30_000, interval: 100 }).toEqual(wanted);

test('Both files have every event once over kills of the daemon and over rotation.', async () => {
  const env = {
    CODI_EVENTS_LOG_ENABLED: 'true',
    CODI_EVENTS_LOG_ROTATE_SIZE: '4KiB',
    CODI_EVENTS_LOG_KEEP: '1000',
  };
  for (let round = 0; round < 2; round++) {
    const running = await start(env);
    for (let count = 0; count < 60; count++) writeFileSync(join(folder, `${round}-${count}`), '');
    const json = () => wholeLog(join(place.dataDir, 'events.log')).split('\n').length;
    // In the middle of it.
    await expect.poll(json, { timeout: 30_000 }).toBeGreaterThan(round * 60 + 20);
    await running.kill();
    daemon = undefined;
  }
  await start(env);
  await runAt(place, 'sync');
  const rows = await recorded();
  expect(rows.length).toBeGreaterThanOrEqual(120);
  const json = join(place.dataDir, 'events.log');
  await until(() => rowsOf(wholeLog(json)), rows);
  const people = () =>
    wholeLog(join(place.dataDir, 'events-human.log'))
      .split('\n')
      .filter((line) => line !== '');
  await until(
    () => people().map((line) => Number(line.split(' ')[0])),
    rows.map(({ seq }) => seq),
  );
  expect(people()[0]).toMatch(/^1 {2}\S+Z {2}create\s+\S+\/watched\/\S+ {2}0 B$/);
  expect(
    readdirSync(place.dataDir).filter((name) => name.startsWith('events.log.')).length,
  ).toBeGreaterThan(2);
}, 120_000);

test('A torn last line is cut off and written whole.', async () => {
  const log = join(place.home, 'own.log');
  const env = { CODI_EVENTS_LOG_JSON_FILE: log };
  const running = await start(env);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), '');
  await runAt(place, 'sync');
  await until(() => rowsOf(readFileSync(log, 'utf8')).length, 3);
  await running.stop();
  const whole = readFileSync(log, 'utf8');
  writeFileSync(log, whole.slice(0, -20));
  await start(env);
  await until(() => readFileSync(log, 'utf8'), whole);
});

test('A log in the watched folder is never an event, whatever it is renamed to.', async () => {
  const log = join(folder, 'events.log');
  await start({ CODI_EVENTS_LOG_JSON_FILE: log, CODI_EVENTS_LOG_ROTATE_SIZE: '1KiB' });
  for (let count = 0; count < 40; count++) writeFileSync(join(folder, `f-${count}`), '');
  await runAt(place, 'sync');
  const rows = await recorded();
  await until(() => rowsOf(wholeLog(log)).at(-1)?.seq, rows.at(-1)!.seq);
  await runAt(place, 'sync');
  const paths = new Set((await recorded()).map(({ path }) => path));
  expect([...paths].filter((path) => path.startsWith('events.log'))).toEqual([]);
  expect(readdirSync(folder)).toContain('events.log.1');
});

test('A log that somebody else moves away goes on in a new file.', async () => {
  const log = join(place.home, 'own.log');
  await start({ CODI_EVENTS_LOG_JSON_FILE: log });
  writeFileSync(join(folder, 'a'), '');
  await until(() => wholeLog(log).split('\n').length, 2);
  renameSync(log, join(place.home, 'elsewhere'));
  writeFileSync(join(folder, 'b'), '');
  await until(() => rowsOf(wholeLog(log)).map(({ path }) => path), ['b']);
});

test('A pipe without a reader holds nobody up, and who comes later gets what waited.', async () => {
  const pipe = join(place.home, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await start({ CODI_EVENTS_LOG_JSON_FILE: pipe });
  writeFileSync(join(folder, 'a'), '');
  await runAt(place, 'sync');
  expect((await recorded()).map(({ path }) => path)).toEqual(['a']);
  const reader = await open(pipe, 'r');
  const { buffer, bytesRead } = await reader.read();
  expect(rowsOf(buffer.toString('utf8', 0, bytesRead))).toMatchObject([{ seq: 1, path: 'a' }]);
  await reader.close();
});

test('Lines go to the standard output when they are to.', async () => {
  const args = ['--data-dir', place.dataDir, '--socket', place.socketPath, folder];
  const child = spawn(process.execPath, [MONITOR_ENTRY, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, CODI_EVENTS_LOG_TEXT_FILE: '-', CODI_STORAGE_DISK_RESERVE: '0B' },
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  writeFileSync(join(folder, 'a'), '');
  await expect.poll(() => text, { timeout: 30_000 }).toMatch(/create\s+\S+\/watched\/a {2}0 B\n/);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
