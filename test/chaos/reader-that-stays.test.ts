// Given a daemon whose clients write without a pause. Break: another program keeps a read transaction open on the
// ledger, so that its write-ahead log cannot be emptied. Expect during: commits go on, and the status says what
// makes the log grow. Expect after, once the reader is gone: the log is cut back, and nothing is lost.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { storedMessages, violations, writeEntries } from '../support/entries.ts';
import { auditVerify, health, untilDegraded } from '../support/fault-run.ts';

const LIMIT_BYTES = 1024 * 1024;
const env = { CODI_STORAGE_WAL_RESTART_BYTES: '1MiB' };
const LONG = 'x'.repeat(4_000);
const ENTRIES = 2_000;

const place = newPlace();
let daemon: RunningDaemon | undefined;
let reader: Database.Database | undefined;
afterEach(async () => {
  reader?.close();
  await daemon?.stop();
  place.remove();
});

test('a reader that stays lets the log grow, by name, and holds up no commit', async () => {
  daemon = await startDaemon(place, [], { env });
  const client = await daemon.client();
  const accepted: string[] = [];
  const write = async (name: string) => {
    const writer = writeEntries(client, `${name} ${LONG}`, ENTRIES);
    await deadline('an answer to every entry', writer.done, 30_000);
    accepted.push(...writer.accepted);
  };
  const log = join(place.dataDir, 'ledger.db-wal');

  await write('before');
  reader = new Database(join(place.dataDir, 'ledger.db'), { readonly: true });
  reader.exec('BEGIN');
  const seen = () => reader!.prepare('SELECT count(*) FROM logs').pluck().get();
  const before = seen();
  await write('beside the reader');
  expect(await untilDegraded(daemon, /keeps \d+ MiB in the write-ahead log/)).toMatch(/read of/);
  expect(statSync(log).size).toBeGreaterThan(4 * LIMIT_BYTES);
  expect(seen()).toBe(before);

  reader.close();
  await eventually('a healthy daemon', async () => (await health(daemon!)).state === 'healthy');
  await write('after');
  expect(statSync(log).size).toBeLessThan(4 * LIMIT_BYTES);
  expect(violations(accepted, await storedMessages(client))).toEqual({ lost: [], doubled: [] });
  expect(auditVerify(daemon)).toEqual([]);
  await client.close();
}, 120_000);
