import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { FakeDaemon, rejected } from '../support/fake-daemon.ts';

const entry = (index: number) => ({
  level: 'Info' as const,
  component: 'c',
  message: `entry ${index}`,
});
const expected = (count: number) => Array.from({ length: count }, (_, index) => `entry ${index}`);

it('a client with a spool loses, doubles and reorders nothing, however often daemons come and go', async () => {
  const step = fc.constantFrom('log', 'log', 'crash', 'listen', 'hang up', 'refuse', 'breathe');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const own = await FakeDaemon.start();
      const directory = mkdtempSync(join(tmpdir(), 'codi-steps-'));
      let isUp = true;
      let refusals = 0;
      own.script = ({ kind }) => {
        if (!kind.startsWith('Log') || refusals === 0) return undefined;
        refusals -= 1;
        return rejected('CODI_OVERLOADED', { retry_after_ms: 1 });
      };
      const client = await MonitorClient.connect({
        socketPath: own.socketPath,
        windowCount: 8,
        spool: { directory, fsync: 'never', fileBytes: 1_500 },
        retry: { attempts: 2, minMs: 1, maxMs: 3 },
      });
      let sent = 0;
      const answers: Promise<unknown>[] = [];
      const toggle = async (up: boolean) => {
        if (up !== isUp) await (up ? own.listen() : own.crash());
        isUp = up;
      };
      for (const next of steps) {
        if (next === 'log')
          for (let index = 0; index < 9; index++) answers.push(client.log(entry(sent++)));
        else if (next === 'crash') await toggle(false);
        else if (next === 'listen') await toggle(true);
        else if (next === 'hang up') own.hangUp();
        else if (next === 'refuse') refusals += 1;
        await new Promise((resolve) => setTimeout(resolve, next === 'breathe' ? 12 : 1));
      }
      await toggle(true);
      await Promise.all(answers);
      await expect.poll(() => own.stored.length, { timeout: 10_000 }).toBe(sent);
      await client.close();
      const stored = own.stored.map((row) => row.message);
      await own.stop();
      rmSync(directory, { recursive: true, force: true });
      expect(stored).toEqual(expected(sent));
    }),
    { numRuns: 25 },
  );
}, 60_000);
