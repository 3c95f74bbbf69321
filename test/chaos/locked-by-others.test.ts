// Given a daemon at work. Break: another program opens its databases: it holds the write lock for longer than the
// daemon waits, opens and closes them again and again, and empties the write-ahead log under it. Expect during: who
// cannot be served is told to come back; the log is never taken away. Expect after: it goes on by itself, everything
// is stored once, and the chains verify.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { DaemonPlace } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { epochOf, runIntoFault } from '../support/fault-run.ts';

const WRITERS = ['core/storage/ledger-writer', 'core/storage/state-writer'];

const open = (place: DaemonPlace, kind: string) =>
  new Database(join(place.dataDir, `${kind}.db`), { fileMustExist: true });

test('a lock that another program holds for too long postpones, and loses nothing', async () => {
  const { violations, postponed } = await runIntoFault({
    cause: async ({ place }) => {
      const databases = ['ledger', 'state'].map((kind) => open(place, kind));
      for (const database of databases) database.exec('BEGIN IMMEDIATE');
      return () => databases.forEach((database) => database.close());
    },
    during: async ({ workload }) => {
      const isTold = () =>
        workload.clients.some(({ postponed }) => postponed.has('CODI_STORAGE_UNAVAILABLE')) &&
        workload.sessions.some(({ client }) => client.postponed.has('CODI_STORAGE_UNAVAILABLE'));
      await eventually('clients that were told', isTold, 30_000);
    },
    after: async ({ daemon }) => {
      for (const path of WRITERS) expect(await epochOf(daemon, path)).toBe(1);
    },
  });
  expect(violations).toEqual([]);
  expect(postponed).toEqual(['CODI_STORAGE_UNAVAILABLE']);
}, 120_000);

test('a program that opens, closes and checkpoints the databases all the time changes nothing', async () => {
  let rounds = 0;
  const { violations, postponed } = await runIntoFault({
    cause: async ({ place }) => {
      let isMended = false;
      const meddle = async () => {
        for (; !isMended; rounds++) {
          for (const kind of ['ledger', 'state']) {
            const database = open(place, kind);
            database.prepare('SELECT count(*) FROM blocks').get();
            if (rounds % 3 === 0) database.pragma('wal_checkpoint(TRUNCATE)');
            database.close();
            expect(existsSync(join(place.dataDir, `${kind}.db-wal`))).toBe(true);
          }
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      const meddling = meddle();
      return async () => {
        isMended = true;
        await meddling;
      };
    },
    during: async ({ workload }) => {
      const isAnswered = () => workload.clients.every((client) => client.isDone);
      await eventually('an answer to everything', isAnswered, 60_000);
    },
  });
  expect(rounds).toBeGreaterThan(3);
  expect(violations).toEqual([]);
  expect(postponed.filter((code) => code !== 'CODI_STORAGE_UNAVAILABLE')).toEqual([]);
}, 120_000);
