// Given a daemon at work. Break: its data directory becomes read-only: nothing in it can be opened for writing any
// more, and what is open cannot be written, as after `errors=remount-ro`. Expect during: what the writers had is
// kept, what comes later is told to come back, the status says why, and the daemon lives. Expect after, once it can
// be written: it goes on by itself, everything is accepted and stored once, and the chains verify.
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../support/deadline.ts';
import {
  commitSomething,
  runIntoFault,
  SIGNS_LATE,
  untilDegraded,
  untilPostponed,
} from '../support/fault-run.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';
import { attachStrace, hasStrace, NO_STRACE } from '../support/strace.ts';

const FILES = ['ledger.db', 'ledger.db-wal', 'state.db', 'state.db-wal'];
const WRITES = 'pwrite64,ftruncate';
const why = hasStrace ? NO_MOUNTS : NO_STRACE;

skipUnless(canMount && hasStrace, why, { requiredOnCi: true })(
  'a data directory that becomes read-only postpones everything, and is used again once it can be written',
  async () => {
    const { violations } = await runIntoFault({
      start: { under: inNamespace('true'), env: SIGNS_LATE },
      cause: async ({ daemon, place }) => {
        const { dataDir } = place;
        const paths = FILES.flatMap((name) => ['-P', join(dataDir, name)]);
        const inject = ['-e', `trace=${WRITES}`, '-e', `inject=${WRITES}:error=EROFS`];
        besideDaemon(daemon, 'mount', '--bind', dataDir, dataDir);
        await commitSomething(daemon);
        await eventually('a moment in which nothing is being written', async () => {
          try {
            besideDaemon(daemon, 'mount', '-o', 'remount,bind,ro', dataDir);
            return true;
          } catch (error) {
            if (String(error).includes('busy')) return undefined;
            throw error;
          }
        });
        const log = join(place.home, 'trace');
        const tracer = await attachStrace(daemon.pid, [...paths, ...inject, '-o', log]);
        return async () => {
          await tracer.detach();
          besideDaemon(daemon, 'mount', '-o', 'remount,bind,rw', dataDir);
        };
      },
      during: async (run) => {
        await untilDegraded(run.daemon, /ledger-writer is backing off: .*read-only disk/);
        await untilDegraded(run.daemon, /state-writer is backing off: .*read-only disk/);
        expect(await untilPostponed(run, 'entry')).toBe('CODI_STORAGE_UNAVAILABLE');
        expect(await untilPostponed(run, 'session')).toBe('CODI_STORAGE_UNAVAILABLE');
        const accepted = run.workload.clients.flatMap(({ acceptedEntries }) => acceptedEntries);
        expect(accepted).toEqual([]);
      },
    });
    expect(violations).toEqual([]);
  },
  180_000,
);
