import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '1MiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
};
const FILES = 3_000;

let place: DaemonPlace;
let desk: string;
let daemon: RunningDaemon;

beforeEach(async () => {
  place = newPlace();
  desk = join(place.home, 'desk');
  mkdirSync(desk);
  for (let index = 0; index < FILES; index++) writeFileSync(join(desk, `file-${index}`), '');
  daemon = await startDaemon(place, [desk], { env });
});
afterEach(async () => {
  await daemon.kill().catch(() => undefined);
  place.remove();
});

const codi = (...line: string[]) => runAt(place, 'events', ...line);
const seqs = (run: Awaited<ReturnType<typeof codi>>) =>
  run.json().flatMap(({ seq }) => (seq === undefined ? [] : [seq as number]));

it('An event number is where to go on, over a restart, and what retention took of it is said.', async () => {
  const all = await codi('--since', '0', '--json');
  expect([all.exitCode, all.notes, seqs(all).length]).toEqual([0, '', FILES]);
  const some = await codi('--since', '10', '--limit', '2', '--show-cursor', '--json');
  expect(some.json().map(({ seq, since }) => seq ?? { since })).toEqual([11, 12, { since: 12 }]);

  await daemon.stop();
  writeFileSync(join(desk, 'late'), '');
  daemon = await startDaemon(place, [desk], { env });
  const late = await codi('--since', String(FILES), '--show-cursor', '--json');
  expect(late.json()).toMatchObject([{ path: 'late', seq: FILES + 1 }, { since: FILES + 1 }]);
  expect((await codi('--since', String(FILES + 1))).notes).toBe('no events\n');

  // The newest blocks always stay.
  const client = await daemon.client();
  for (let at = 0; at < 20; at++)
    await client.log({ level: 'Info', component: 'filler', message: `${at}` });
  await client.close();
  await runAt(place, 'store', 'compact');
  const pruned = await codi('--since', '0', '--json');
  const taken = FILES + 1 - seqs(pruned).length;
  expect(taken).toBeGreaterThan(0);
  expect(pruned.exitCode).toBe(6);
  expect(pruned.notes).toBe(
    `events 1 to ${taken} are not all here: retention has deleted them, or moved them into the archive: add --archived\n`,
  );
  expect(await codi('--since', String(taken), '--json')).toMatchObject({ exitCode: 0, notes: '' });
  const archived = await codi('--since', '0', '--archived', '--json');
  expect([archived.exitCode, seqs(archived).length]).toEqual([0, FILES + 1]);
  await daemon.stop();
  const offline = await codi('--since', '0', '--offline', '--json');
  expect([offline.exitCode, offline.notes]).toEqual([6, pruned.notes]);
}, 60_000);
