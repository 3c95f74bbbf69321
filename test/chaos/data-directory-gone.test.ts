// Given a daemon at work. Break: its data directory is moved away and an empty one lies there instead (as when a disk is
// unmounted), or it is deleted, or its user may not enter it any more. Expect during: no second store is begun, what
// comes is told when to try again, the status says why. Expect after, when it is put back: it goes on by itself,
// everything is stored once, and the chains verify; what was deleted stays missing, and that is said.
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import {
  commitSomething,
  runIntoFault,
  SIGNS_LATE,
  untilDegraded,
  untilPostponed,
} from '../support/fault-run.ts';
import { boundByPermissions, canBeBound, NOT_BOUND } from '../support/file-permissions.ts';
import { skipUnless } from '../support/skip.ts';

const WRITERS = ['core/storage/ledger-writer', 'core/storage/state-writer'];

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon?.kill();
  daemon = undefined;
  place.remove();
});

async function killWriters(running: RunningDaemon): Promise<void> {
  const debug = await running.debug();
  for (const path of WRITERS) await debug.kill(path);
  debug.close();
}

test('an empty directory in place of the store does not become another one', async () => {
  const { violations } = await runIntoFault({
    cause: async ({ place: { dataDir }, daemon: running }) => {
      renameSync(dataDir, `${dataDir}.moved`);
      mkdirSync(dataDir);
      await untilDegraded(running, /ledger-writer is backing off: .*another directory/);
      return () => {
        rmSync(dataDir, { recursive: true });
        renameSync(`${dataDir}.moved`, dataDir);
      };
    },
    during: async (run) => {
      expect(await untilPostponed(run, 'entry')).toBe('CODI_STORAGE_UNAVAILABLE');
      expect(await untilPostponed(run, 'session')).toBe('CODI_STORAGE_UNAVAILABLE');
      const accepted = run.workload.clients.flatMap(({ acceptedEntries }) => acceptedEntries);
      expect(accepted).toEqual([]);
      const stores = readdirSync(run.place.dataDir).filter((name) => name.includes('.db'));
      expect(stores).toEqual([]);
    },
  });
  expect(violations).toEqual([]);
}, 120_000);

test('a data directory that was deleted is said to be gone, and nothing is accepted into nowhere', async () => {
  daemon = await startDaemon(place);
  const client = await daemon.client({ deadlineMs: 7_000, requestTimeoutMs: 1_000 });
  const entry = { level: 'Info', component: 'load', message: 'before' } as const;
  await client.log(entry);
  rmSync(place.dataDir, { recursive: true });
  await untilDegraded(daemon, /ledger-writer is backing off: .*data is gone/);
  const refused = client.log({ ...entry, message: 'after' });
  await expect(refused).rejects.toMatchObject({ code: 'CODI_STORAGE_UNAVAILABLE' });
  await client.close();
}, 60_000);

skipUnless(canBeBound, NOT_BOUND)(
  'a data directory that may not be entered any more is served again once it may be',
  async () => {
    const { violations } = await runIntoFault({
      start: { ...boundByPermissions, env: SIGNS_LATE },
      cause: async ({ place: { dataDir }, daemon: running }) => {
        await commitSomething(running);
        chmodSync(dataDir, 0);
        await killWriters(running);
        return () => chmodSync(dataDir, 0o700);
      },
      during: async (run) => {
        await untilDegraded(run.daemon, /ledger-writer is backing off: .*(EACCES|unable to open)/);
        await untilDegraded(run.daemon, /checkpoints cannot be signed: .*EACCES/);
        expect(await untilPostponed(run, 'entry')).toBe('CODI_STORAGE_UNAVAILABLE');
        expect(await untilPostponed(run, 'session')).toBe('CODI_STORAGE_UNAVAILABLE');
      },
    });
    expect(violations).toEqual([]);
  },
  120_000,
);
