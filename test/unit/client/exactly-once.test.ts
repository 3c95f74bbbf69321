import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { FakeDaemon, rejected } from '../../support/fake-daemon.ts';

describe('entries', () => {
  it('are stored exactly once and in order, whatever goes wrong on the way', async () => {
    const trouble = fc.constantFrom(
      'none',
      'hang up',
      'refuse',
      'lose answer',
      'store and hang up',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(trouble, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        async (troubles, turns) => {
          const daemon = await FakeDaemon.start();
          const script = [...troubles];
          daemon.script = ({ kind }, connection) => {
            if (!kind.startsWith('Log')) return undefined;
            const next = script.shift();
            if (next === 'hang up') return 'hang up';
            if (next === 'refuse') return rejected('CODI_OVERLOADED', { retry_after_ms: 1 });
            if (next === 'store and hang up') queueMicrotask(() => connection.socket.destroy());
            if (next === 'lose answer') connection.send = () => connection.socket.destroy();
            return undefined;
          };
          const client = await MonitorClient.connect({
            socketPath: daemon.socketPath,
            windowCount: 16,
            retry: { minMs: 1, maxMs: 5 },
          });
          const answers: Promise<unknown>[] = [];
          const sent: string[] = [];
          for (const count of turns) {
            for (let index = 0; index < count; index++) {
              sent.push(`entry ${sent.length}`);
              const message = sent.at(-1) ?? '';
              answers.push(client.log({ level: 'Info', component: 'c', message }));
            }
            await new Promise((resolve) => setImmediate(resolve));
          }
          await Promise.all(answers);
          await client.close();
          const stored = daemon.stored.map((row) => row.message);
          await daemon.stop();
          expect(stored).toEqual(sent);
        },
      ),
      { numRuns: 40 },
    );
  });
});
