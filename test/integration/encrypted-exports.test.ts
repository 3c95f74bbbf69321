// With an encrypted store, what was exported is on the disk encrypted as well.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { CODI_ENTRY } from '../support/codi-process.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { filesWith, KEY, OTHER_KEY, withCiphers } from '../support/encryption.ts';
import { exportName, someExports } from '../support/exports.ts';

const SECRET = 'ContentSecret';
const NAME = 'NameSecret';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let keyFile: string;
beforeEach(() => {
  place = newPlace();
  keyFile = join(place.home, 'store.key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await daemon?.kill().catch(() => undefined);
  daemon = undefined;
  place.remove();
});

/** As a process of its own: what encrypts is loaded by its threads, and gone with it. */
function codi(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CODI_ENTRY, ...argv], {
    cwd: place.home,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      CODI_DATA_DIR: place.dataDir,
      CODI_SOCKET: place.socketPath,
      CODI_STORAGE_ENCRYPTION_KEY_FILE: keyFile,
    },
  });
  return { exitCode: status, out: stdout, notes: stderr };
}

withCiphers(
  'no plain byte of an export is on the disk, before and after a change of the key',
  async () => {
    const root = join(place.home, 'work');
    mkdirSync(root);
    const env = { CODI_STORAGE_ENCRYPTION_KEY_FILE: keyFile, CODI_EXPORTS_SETTLE: '50ms' };
    daemon = await startDaemon(place, [root], { env });
    const client = await daemon.client();
    const path = join(root, exportName(NAME));
    const begun = `${SECRET} `.repeat(200_000);
    writeFileSync(path, begun);
    await someExports(client, 1, path);
    writeFileSync(path, `${begun}and more`);
    const [first, grown] = await someExports(client, 2, path);
    expect(grown!.base).toBe(first!.checksum);
    await client.close();
    const whole = { ok: true, checked: 2, findings: [] };
    expect(JSON.parse(codi('export', 'verify', '--json').out)).toEqual(whole);
    expect(await daemon.stop()).toBe(0);
    daemon = undefined;
    expect(filesWith(place.dataDir, [SECRET, NAME])).toEqual([]);
    expect(readFileSync(join(place.dataDir, first!.archive_path!)).readUInt16BE()).not.toBe(0x1f8b);

    const newKeyFile = join(place.home, 'new.key');
    writeFileSync(newKeyFile, `${OTHER_KEY}\n`, { mode: 0o600 });
    const rekeyed = codi('store', 'rekey', '--new-key-file', newKeyFile);
    expect(rekeyed.exitCode, rekeyed.notes).toBe(0);
    const withOldKey = codi('export', 'cat', String(grown!.id));
    expect([withOldKey.exitCode === 0, withOldKey.out]).toEqual([false, '']);
    keyFile = newKeyFile;
    expect(filesWith(place.dataDir, [SECRET, NAME])).toEqual([]);
    const { out, notes } = codi('export', 'cat', String(grown!.id));
    expect(out === `${begun}and more`, notes).toBe(true);
    expect(JSON.parse(codi('export', 'verify', '--json').out)).toEqual(whole);
  },
  90_000,
);
