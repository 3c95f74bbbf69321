// Given a daemon at work. Break: the wall clock is set an hour back, and later two hours forward. Expect after: what was
// recorded keeps its order and its numbers, blocks never go back in time, questions by time find what happened then,
// and the chains verify, also by a start under the clock that was set back.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { auditVerify, health } from '../support/fault-run.ts';
import { allRows } from '../support/oracle.ts';

const HOUR_MS = 3_600_000;
const SHIFTED = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url));
const ENTRIES = 5;

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let clock: string;
beforeEach(() => {
  place = newPlace();
  clock = join(place.home, 'clock');
  mkdirSync(join(place.home, 'watched'));
  setClock(0);
});
afterEach(async () => {
  await daemon?.kill();
  place.remove();
});

function setClock(hours: number): void {
  writeFileSync(clock, String(hours * HOUR_MS));
}

function start(): Promise<RunningDaemon> {
  const env = { CODI_TEST_CLOCK: clock, NODE_OPTIONS: `--import ${pathToFileURL(SHIFTED).href}` };
  return startDaemon(place, [join(place.home, 'watched')], { env });
}

/** Entries with the time of that clock, and a change of a file. */
async function record(name: string, hours: number): Promise<void> {
  setClock(hours);
  const client = await daemon!.client();
  for (let number = 0; number < ENTRIES; number++) {
    const timestamp = new Date(Date.now() + hours * HOUR_MS).toISOString();
    const entry = { level: 'Info', component: 'load', message: `${name} ${number}` } as const;
    await client.log({ ...entry, timestamp });
  }
  appendFileSync(join(place.home, 'watched', name), name);
  await client.request('Sync', {});
  await client.close();
}

test('entries and file changes keep their order when the clock is set back and forward', async () => {
  daemon = await start();
  const names = ['at first', 'set back', 'set forward'];
  await record(names[0]!, 0);
  await record(names[1]!, -1);
  expect(await daemon.stop()).toBe(0);
  daemon = await start();
  expect((await health(daemon)).reasons).toEqual([]);
  await record(names[2]!, 1);

  const client = await daemon.client();
  const events = await allRows(client, 'QueryEvents', 'events', { filter: {}, order: 'oldest' });
  const sequences = events.map(({ seq }) => Number(seq));
  expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
  const files = events.filter(({ kind }) => kind === 'file').map(({ path }) => path);
  expect([...new Set(files)]).toEqual(names);
  for (const [index, hours] of [0, -1, 1].entries()) {
    const at = (shift: number) => new Date(Date.now() + (hours + shift) * HOUR_MS).toISOString();
    const filter = { since: at(-0.5), until: at(0.5) };
    const asked = { filter, order: 'oldest' };
    const entries = await allRows(client, 'QueryLogs', 'entries', asked);
    const expected = Array.from({ length: ENTRIES }, (_, number) => `${names[index]} ${number}`);
    expect(entries.map(({ message }) => message)).toEqual(expected);
    const then = await allRows(client, 'QueryEvents', 'events', asked);
    const paths = then.filter(({ kind }) => kind === 'file').map(({ path }) => path);
    expect([...new Set(paths)]).toEqual([names[index]]);
  }
  await client.close();
  expect(auditVerify(daemon)).toEqual([]);
  expect(await daemon.stop()).toBe(0);

  const database = new Database(join(place.dataDir, 'ledger.db'), { readonly: true });
  const times = database.prepare('SELECT committed_ms FROM blocks ORDER BY n').pluck().all();
  database.close();
  expect(times).toEqual((times as number[]).toSorted((one, other) => one - other));
}, 60_000);
