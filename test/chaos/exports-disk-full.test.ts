// Given a data directory on a disk of 8 MB. Break: an export comes for which there is no room. Expect during: nothing of
// it is kept, and no half of it is left. Expect after, once there is space: it is captured by itself, byte by byte.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { CodiError } from '#codi/protocol/errors.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { exportName, exportRows, sha256, someExports } from '../support/exports.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';

const SMALL_DISK = 'mount -t tmpfs -o size=8m tmpfs "$1"';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
  mkdirSync(place.dataDir);
});
afterEach(async () => {
  await daemon?.kill();
  place.remove();
});

skipUnless(canMount, NO_MOUNTS)(
  'an export for which there is no room waits for it, and leaves nothing behind meanwhile',
  async () => {
    const root = join(place.home, 'work');
    mkdirSync(root);
    daemon = await startDaemon(place, [root], {
      env: { CODI_EXPORTS_SETTLE: '50ms' },
      under: inNamespace(SMALL_DISK, place.dataDir),
    });
    const client = await daemon.client();
    const path = join(root, exportName('large'));
    const content = randomBytes(12 * 1024 * 1024);
    writeFileSync(path, content);
    await eventually('a failed capture', async () => {
      const capture = client.request('CaptureExport', { path });
      return capture.catch((error: CodiError) => error.code).then((is) => is === 'CODI_DISK_FULL');
    });
    const seen = `/proc/${daemon.pid}/root${place.dataDir}/exports`;
    await eventually('what was written of it to be gone', () => readdirSync(seen).length === 0);
    expect(await exportRows(client, path)).toEqual([]);
    besideDaemon(daemon, 'mount', '-o', 'remount,size=60m', place.dataDir);
    const [row] = await someExports(client, 1, path);
    expect(row).toMatchObject({ state: 'captured', checksum: sha256(content) });
    await client.close();
  },
  120_000,
);
