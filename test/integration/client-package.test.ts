// The package as other programs use it: the examples of docs/client.md, and pino with its transport, each in a process
// of its own.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { allRows } from '../support/oracle.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
  const modules = join(place.home, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, 'codi-monitor'), 'dir');
  symlinkSync(join(ROOT, 'node_modules', 'pino'), join(modules, 'pino'), 'dir');
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  place.remove();
});

/** Runs a program that finds the daemon by its surroundings, as the examples do. */
async function runProgram(text: string) {
  const file = join(place.home, 'program.mjs');
  writeFileSync(file, text);
  const { dataDir, socketPath } = place;
  const env = { PATH: process.env['PATH'], CODI_DATA_DIR: dataDir, CODI_SOCKET: socketPath };
  return run(process.execPath, [file], { cwd: place.home, env, timeout: 60_000 });
}

async function stored(count: number) {
  const client = await daemon!.client();
  const rows = await eventually('the entries', async () => {
    const found = await allRows(client, 'QueryLogs', 'entries', { filter: {}, order: 'oldest' });
    return found.length >= count && found;
  });
  await client.close();
  return rows;
}

function examples(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'client.md'), 'utf8');
  return [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text]) => text!);
}

test('the examples of the documentation run with a daemon and without one', async () => {
  expect(examples()).toHaveLength(2);
  for (const example of examples()) await runProgram(example);
  daemon = await startDaemon(place);
  for (const example of examples()) await runProgram(example);
  const messages = (await stored(6)).map((row) => String(row['message']));
  const expected = ['started', 'done', 'signed in'];
  expect(messages.sort((one, two) => one.localeCompare(two))).toEqual(
    [...expected, ...expected].sort((one, two) => one.localeCompare(two)),
  );
}, 60_000);

test('pino’s levels, names, times, bindings and errors become entries', async () => {
  daemon = await startDaemon(place);
  await runProgram(`
    import pino from 'pino';
    const transport = { target: 'codi-monitor/pino' };
    const log = pino({ name: 'shop', level: 'trace', transport });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level](level);
    log.child({ user: 42, session_id: 'S-1' }).info({ order: { id: 7 } }, 'paid %d', 3);
    log.error(new TypeError('broken'), 'failed');
    log.info({ text: '\\u0001'.repeat(200_000) }, 'large');
  `);
  const rows = await stored(9);
  expect(rows.slice(0, 6).map((row) => [row['level'], row['message'], row['component']])).toEqual([
    ['Trace', 'trace', 'shop'],
    ['Debug', 'debug', 'shop'],
    ['Info', 'info', 'shop'],
    ['Warn', 'warn', 'shop'],
    ['Error', 'error', 'shop'],
    ['Error', 'fatal', 'shop'],
  ]);
  expect(rows[5]?.['metadata']).toMatchObject({ fatal: true });
  expect(rows[6]).toMatchObject({
    message: 'paid 3',
    session_id: 'S-1',
    metadata: { user: 42, order: { id: 7 }, pid: expect.any(Number) },
  });
  expect(rows[7]?.['metadata']).toMatchObject({ err: { type: 'TypeError', message: 'broken' } });
  expect(rows[8]).toMatchObject({ message: 'large', metadata: { not_taken: expect.any(String) } });
}, 60_000);

test('a program that logs through pino and ends at once loses nothing, with a daemon and without one', async () => {
  const program = (name: string, end: string) => `
    import pino from 'pino';
    const log = pino({ name: '${name}', transport: { target: 'codi-monitor/pino' } });
    for (let index = 0; index < 2000; index++) log.info({ index }, 'line');
    ${end}`;
  await runProgram(program('away', ''));
  daemon = await startDaemon(place);
  await runProgram(program('there', ''));
  await runProgram(program('abrupt', 'process.exit(0);'));
  const rows = await stored(6_000);
  for (const name of ['away', 'there', 'abrupt']) {
    const own = rows.filter((row) => row['component'] === name);
    expect(
      own.map((row) => (row['metadata'] as { index: number }).index),
      name,
    ).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
  }
}, 90_000);
