// Given a daemon at work. Break: every sync of its write-ahead logs takes a second and a half, for a while. Expect
// during: nothing is answered before its sync has returned, and everybody else is answered at once. Expect after:
// the watchdog took nobody for dead, everything is stored once, and the chains verify.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { epochOf, health, runIntoFault } from '../support/fault-run.ts';
import { skipUnless } from '../support/skip.ts';
import { attachStrace, hasStrace, NO_STRACE, readTrace } from '../support/strace.ts';

const DELAY_US = 1_500_000;
const SYNCS = 'fsync,fdatasync';
const ACTORS = ['ledger-writer', 'state-writer', 'maintenance', 'notary'];
const QUESTIONS = 5;

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  'slow syncs are waited for, and hold up nobody else',
  async () => {
    let answeredAhead = 0;
    const { violations, postponed } = await runIntoFault({
      cause: async ({ daemon, place }) => {
        const logs = ['ledger', 'state'].map((kind) => join(place.dataDir, `${kind}.db-wal`));
        const args = [
          ...['-y', '-o', join(place.home, 'trace'), ...logs.flatMap((path) => ['-P', path])],
          ...['-e', `trace=${SYNCS}`, '-e', `inject=${SYNCS}:delay_exit=${DELAY_US}`],
        ];
        const tracer = await attachStrace(daemon.pid, args);
        return () => tracer.detach();
      },
      during: async ({ daemon, place, workload }) => {
        const accepted = () => workload.clients.flatMap(({ acceptedEntries }) => acceptedEntries);
        const returned = () => readTrace(readFileSync(join(place.home, 'trace'), 'utf8')).length;
        for (let number = 0; number < QUESTIONS; number++) {
          const before = accepted().length;
          if (returned() === 0) expect(before).toBe(0);
          await health(daemon);
          const debug = await daemon.debug();
          await debug.tree();
          debug.close();
          if (accepted().length === before) answeredAhead += 1;
        }
        await eventually('answers to entries', () => accepted().length > 0, 60_000);
        expect(returned()).toBeGreaterThan(0);
      },
      after: async ({ daemon }) => {
        for (const name of ACTORS) {
          const path = `core/storage/${name}`;
          expect([path, await epochOf(daemon, path)]).toEqual([path, 1]);
        }
        expect((await health(daemon)).reasons).toEqual([]);
      },
    });
    expect(answeredAhead).toBeGreaterThan(0);
    expect(violations).toEqual([]);
    expect(postponed).toEqual([]);
  },
  180_000,
);
