import { join } from 'node:path';
import { MonitorClient } from '../../dist/client/index.js';
import { startDaemon } from '../daemon.mjs';

/** codi: a real daemon, and what it has committed, as one follower hears it. */
export const codi = (hintSource) => ({
  title: `codi, hints by ${hintSource}`,
  hintSource,
  async start({ roots, home, know }) {
    const daemon = await startDaemon(roots, join(home, 'codi'), {
      CODI_MONITOR_HINT_SOURCE: hintSource,
    });
    const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
    const sync = () => client.request('Sync', {}, { timeoutMs: 60_000 });
    let lastSeq;
    const onRow = (row) => {
      lastSeq = row.seq;
      if (row.kind !== 'file' || row.event === 'transient') return;
      if (row.event === 'move') know(join(row.root, row.from), null);
      know(join(row.root, row.path), row.event === 'delete' ? null : row.size);
    };
    let isOver = false;
    const follow = () => {
      const from = lastSeq === undefined ? undefined : { events: lastSeq };
      const { ended } = client.follow({ streams: ['events'], from }, ({ rows }) =>
        rows.forEach(onRow),
      );
      void ended.then((error) => {
        if (isOver || !error) return;
        console.error(`codi: the follower begins again: ${error.message}`);
        follow();
      });
    };
    follow();
    await sync();
    return {
      readyMs: daemon.readyMs,
      version: undefined,
      pids: () => [daemon.pid],
      sync,
      stop: async () => {
        isOver = true;
        await client.close();
        await daemon.stop();
      },
    };
  },
});
