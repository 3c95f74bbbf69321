// Policy removes contents of exports; what a kept content goes on from stays, and so do the rows.
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ExportRow } from '#codi/protocol/messages.js';
import { runAt, runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { codiExport, exportName, exportRows, someExports } from '../support/exports.ts';

const DAY_MS = 86_400_000;
const SHIFTED = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url));

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let root: string;
let clock: string;
beforeEach(() => {
  place = newPlace();
  root = join(place.home, 'work');
  clock = join(place.home, 'clock');
  mkdirSync(root);
});
afterEach(async () => {
  await daemon?.kill().catch(() => undefined);
  daemon = undefined;
  place.remove();
});

const at = (word: string) => join(root, exportName(word));
const setDay = (day: number) => writeFileSync(clock, String(day * DAY_MS));
const blob = ({ archive_path }: ExportRow, dir = place.dataDir) => join(dir, archive_path!);

async function start(env: Record<string, string> = {}) {
  daemon = await startDaemon(place, [root], {
    env: {
      CODI_EXPORTS_SETTLE: '50ms',
      CODI_TEST_CLOCK: clock,
      NODE_OPTIONS: `--import ${pathToFileURL(SHIFTED).href}`,
      ...env,
    },
  });
  return daemon.client();
}

async function restored(id: number, dataDir = place.dataDir): Promise<string> {
  const target = join(place.home, 'restored');
  const { exitCode, notes } = await codiExport(
    { ...place, dataDir },
    ...['restore', String(id), target, '--force'],
  );
  expect(exitCode, notes).toBe(0);
  return readFileSync(target, 'utf8');
}

test('contents go when they are old and no other needs them; a backup from before gives them back', async () => {
  setDay(0);
  let client = await start();
  writeFileSync(at('other'), 'of no use any more');
  writeFileSync(at('grows'), 'the beginning, ');
  await someExports(client, 2, root);
  setDay(20);
  writeFileSync(at('grows'), 'the beginning, and what was added');
  const [first, second, grown] = await someExports(client, 3, root);
  const [other, begun] =
    first!.original_path === at('other') ? [first!, second!] : [second!, first!];
  expect(grown!.base).toBe(begun.checksum);
  const later = new Date(Date.now() + 20 * DAY_MS);
  utimesSync(blob(grown!), later, later);
  const backup = join(place.home, 'backup');
  const socket = { socketPath: place.socketPath, cwd: place.home };
  const backedUp = await runInProcess(['store', 'backup', backup], socket);
  expect(backedUp.exitCode, backedUp.notes).toBe(0);
  await client.close();
  await daemon!.stop();

  setDay(40);
  client = await start({ CODI_EXPORTS_RETENTION_DAYS: '30' });
  const pruned = await eventually('the old content to go', async () =>
    (await exportRows(client, at('other'))).find(({ pruned_at }) => pruned_at != null),
  );
  expect(pruned).toMatchObject({ id: other.id, checksum: other.checksum, state: 'captured' });
  await eventually('its file to go', () => !existsSync(blob(other)));
  expect(await restored(begun.id)).toBe('the beginning, ');
  expect(await restored(grown!.id)).toBe('the beginning, and what was added');
  const refused = await codiExport(place, 'restore', String(other.id), 'back');
  expect(refused.exitCode).toBe(5);
  expect(refused.notes).toMatch(/removed by policy.*retention_days/s);
  const verified = await codiExport(place, 'verify', '--json');
  expect(verified.json()).toMatchObject([{ ok: true, checked: 2 }]);
  await client.close();
  await daemon!.kill();

  // As if it had been killed between the mark and the removal.
  copyFileSync(blob(other, backup), blob(other));
  setDay(60);
  client = await start();
  await eventually('what was left over to go', () => !existsSync(blob(other)));
  expect(existsSync(blob(grown!))).toBe(true);
  // Exported again it is there again, for the row from before as well.
  writeFileSync(at('again'), 'of no use any more');
  const [again] = await someExports(client, 1, at('again'));
  expect(again).toMatchObject({ checksum: other.checksum });
  expect((await exportRows(client, at('other')))[0]!.pruned_at).toBeUndefined();
  expect(await restored(other.id)).toBe('of no use any more');
  await client.close();
  await daemon!.stop();

  const elsewhere = join(place.home, 'elsewhere');
  const back = await runInProcess(['store', 'restore', backup, '--data-dir', elsewhere], {
    ...socket,
    socketPath: join(place.home, 'no.sock'),
  });
  expect(back.exitCode, back.notes).toBe(0);
  expect(await restored(other.id, elsewhere)).toBe('of no use any more');
}, 120_000);

test('past its limit the archive gives up the oldest contents; what it keeps is read by store verify', async () => {
  setDay(0);
  const client = await start({ CODI_EXPORTS_ARCHIVE_LIMIT: '5kB' });
  for (const word of ['first', 'second', 'third']) {
    writeFileSync(at(word), randomBytes(2_000));
    await someExports(client, 1, at(word));
  }
  const first = await eventually('the oldest to go', async () =>
    (await exportRows(client, at('first'))).find(({ pruned_at }) => pruned_at != null),
  );
  await eventually('its file to go', () => !existsSync(blob(first)));
  const [third] = await exportRows(client, at('third'));
  expect((await exportRows(client, root)).map(({ pruned_at }) => pruned_at == null)).toEqual([
    false,
    true,
    true,
  ]);
  await client.close();
  const verify = (...options: string[]) => runAt(place, 'store', 'verify', ...options);
  expect((await verify()).notes).toContain('--exports');
  writeFileSync(blob(third!), 'no gzip');
  const damaged = await verify('--exports', '--json');
  expect(damaged.exitCode).toBe(6);
  expect(damaged.json()).toMatchObject([
    { ok: false, findings: [], exports: { checked: 2, findings: [{ id: third!.id }] } },
  ]);
}, 60_000);
