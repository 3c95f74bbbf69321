// Given a daemon at work. Break: the whole process is stopped with SIGSTOP for some seconds, as by a debugger or a
// machine that sleeps, and goes on. Expect during: nothing is answered. Expect after: nobody was taken for dead,
// everything is accepted, stored once, and the chains verify.
import { expect, test } from 'vitest';
import { health, runIntoFault } from '../support/fault-run.ts';

/** Longer than the watchdog waits for a sign of life of a watch host. */
const STOPPED_MS = 11_000;
/** Ended by the workload itself. */
const VICTIM = 'serving/http';

test('a daemon that was stopped and goes on has lost nothing and restarted nobody', async () => {
  const { violations, postponed } = await runIntoFault({
    cause: async ({ daemon }) => {
      process.kill(daemon.pid, 'SIGSTOP');
      return () => void process.kill(daemon.pid, 'SIGCONT');
    },
    during: async ({ workload }) => {
      await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
      expect(workload.clients.flatMap(({ acceptedEntries }) => acceptedEntries)).toEqual([]);
    },
    after: async ({ daemon }) => {
      const { reasons, components } = await health(daemon);
      const restarted = components.filter(({ name, restarts }) => restarts > 0 && name !== VICTIM);
      expect(reasons).toEqual([]);
      expect(restarted).toEqual([]);
      expect(components.some(({ name }) => name.startsWith('watching/hosts/'))).toBe(true);
    },
  });
  expect(violations).toEqual([]);
  expect(postponed).toEqual([]);
}, 120_000);
