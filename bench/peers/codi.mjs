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
        return {
          send: (count) =>
            void client.logBatch(Array.from({ length: count }, () => entry)).then(
              () => onAcks(count),
              (error) => {
                throw error;
              },
            ),
          close: () => client.close(),
        };
      },
      rssBytes: () =>
        Number(readFileSync(`/proc/${daemon.pid}/statm`, 'utf8').split(' ')[1]) * 4096,
      stop: () => daemon.stop(),
    };
  },
};
