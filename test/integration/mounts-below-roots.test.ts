// A file system that is mounted over a root or a folder of it, or goes from there, is hinted by nobody.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { afterEach, beforeEach, expect } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';

let place: DaemonPlace;
let root: string;
let sub: string;
let daemon: RunningDaemon;
let client: MonitorClient;

beforeEach(() => {
  place = newPlace('codi-mounts-');
  root = join(place.home, 'root');
  sub = join(root, 'with blank', 'sub');
  mkdirSync(sub, { recursive: true });
  writeFileSync(join(sub, 'covered'), '');
});
afterEach(async () => {
  await client?.close().catch(() => undefined);
  await daemon?.kill().catch(() => undefined);
  place.remove();
});

async function told(event: string, name: string): Promise<void> {
  const path = `with blank/sub/${name}`;
  await eventually(`${event} of ${name}`, async () => {
    const { events } = await client.request('QueryEvents', { filter: {}, limit: 100 });
    return events.some((row) => row.event === event && row.path === path);
  });
}

for (const source of ['fs', 'parcel'])
  skipUnless(canMount, NO_MOUNTS)(
    `What is in a file system that comes, and what it had covered when it goes, is found without a full sweep (${source}).`,
    async () => {
      daemon = await startDaemon(place, [root], {
        under: inNamespace('true'),
        env: {
          CODI_MONITOR_COVERAGE_INTERVAL: '1s',
          CODI_MONITOR_SWEEP_INTERVAL: '1h',
          CODI_MONITOR_HINT_SOURCE: source,
        },
      });
      client = await daemon.client();
      await told('create', 'covered');
      besideDaemon(daemon, 'sh', '-c', 'mount -t tmpfs none "$1" && touch "$1/inside"', 'sh', sub);
      await told('create', 'inside');
      await told('delete', 'covered');
      // It is watched, too.
      besideDaemon(daemon, 'touch', join(sub, 'later'));
      await told('create', 'later');
      besideDaemon(daemon, 'umount', sub);
      await told('delete', 'later');
      await eventually('what was covered', async () => {
        const { files } = await client.request('ListFiles', { limit: 100 } as never);
        return files.some(({ path }) => path.endsWith('covered'));
      });
    },
    60_000,
  );

skipUnless(canMount, NO_MOUNTS)(
  'A root that something is mounted over, and taken from again, is what it was before.',
  async () => {
    daemon = await startDaemon(place, [root], {
      under: inNamespace('true'),
      env: { CODI_MONITOR_COVERAGE_INTERVAL: '1s', CODI_MONITOR_SWEEP_INTERVAL: '1h' },
    });
    client = await daemon.client();
    await told('create', 'covered');
    besideDaemon(daemon, 'sh', '-c', 'mount -t tmpfs none "$1"', 'sh', root);
    await told('delete', 'covered');
    besideDaemon(daemon, 'mkdir', '-p', sub);
    besideDaemon(daemon, 'touch', join(sub, 'inside'));
    await told('create', 'inside');
    besideDaemon(daemon, 'umount', root);
    await told('delete', 'inside');
    await eventually('what was covered', async () => {
      const { files } = await client.request('ListFiles', { limit: 100 } as never);
      return files.some(({ path }) => path.endsWith('covered'));
    });
    const { watches } = await client.request('ListWatches', {});
    expect(watches).toMatchObject([{ state: 'watching' }]);
  },
  60_000,
);
