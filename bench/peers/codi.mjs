import { readFileSync } from 'node:fs';
import { MonitorClient } from '../../dist/client/index.js';
import { startDaemon } from '../daemon.mjs';

/** codi: every entry acknowledged after its commit at synchronous=FULL, checked, chained into a block. */
export const codi = {
  name: 'codi',
  promise: 'acknowledged after fsync',
  async start() {
    const daemon = await startDaemon();
    return {
      connect: async (entry, onAcks) => {
        const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
        const open = new Set();
        return {
          send: (count) => {
            const batch = client.batch(Array.from({ length: count }, () => entry)).then(() => {
              open.delete(batch);
              onAcks(count);
            });
            open.add(batch);
          },
          close: async () => {
            await Promise.all(open);
            await client.close();
          },
        };
      },
      rssBytes: () =>
        Number(readFileSync(`/proc/${daemon.pid}/statm`, 'utf8').split(' ')[1]) * 4096,
      stop: () => daemon.stop(),
    };
  },
};
