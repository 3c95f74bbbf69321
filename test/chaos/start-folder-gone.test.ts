// A worktree is removed while the daemon that was started in it runs, and while somebody's shell is still there.
import { execFile } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CODI_ENTRY } from '../support/codi-process.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

let place: DaemonPlace;
let folder: string;
let daemon: RunningDaemon | undefined;

beforeEach(() => {
  place = newPlace();
  folder = join(place.home, 'worktree');
  mkdirSync(folder);
});
afterEach(async () => {
  await daemon?.kill();
  daemon = undefined;
  place.remove();
});

it('a daemon starts its threads again after the folder is gone that it was started in', async () => {
  daemon = await startDaemon(place, [], { under: ['env', '--chdir', folder] });
  rmdirSync(folder);
  const [client, debug] = [await daemon.client(), await daemon.debug()];
  await debug.kill('core/storage/ledger-writer');
  await client.log({ level: 'Info', component: 'test', message: 'after' });
  await debug.kill('core/storage/readers');
  await expect
    .poll(async () => (await client.query().catch(() => undefined))?.entries.length, {
      timeout: 20_000,
    })
    .toBe(1);
  debug.close();
  await client.close();
}, 60_000);

/** In a shell whose folder is removed before it starts codi. */
function codiInGoneFolder(...args: string[]) {
  const script = 'rmdir "$PWD" && exec "$0" "$@"';
  return promisify(execFile)('sh', ['-c', script, process.execPath, CODI_ENTRY, ...args], {
    cwd: folder,
    env: { ...process.env, CODI_DATA_DIR: place.dataDir, CODI_SOCKET: place.socketPath },
  });
}

it.each([
  ['status', []],
  ['events', ['--offline']],
])('codi %s answers in a folder that is gone', async (command, args) => {
  daemon = await startDaemon(place);
  if (args.length > 0) await daemon.stop();
  await expect(codiInGoneFolder(command, ...args)).resolves.toBeDefined();
});

it('a path that is relative to a folder that is gone is refused with what to do', async () => {
  await expect(codiInGoneFolder('watch', 'add', 'src')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/the folder this was started in is gone[^]*go to another one/),
  });
});
