import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { codiExport, exportName, someExports } from '../support/exports.ts';

const TIMEOUT_MS = 60_000;

let place: DaemonPlace;
let daemon: RunningDaemon;
let client: MonitorClient;
let root: string;
beforeEach(() => {
  place = newPlace();
  root = join(place.home, 'work');
  mkdirSync(root);
});
afterEach(async () => {
  await client?.close();
  await daemon?.kill().catch(() => undefined);
  place.remove();
}, TIMEOUT_MS);

async function start(env: Record<string, string>): Promise<void> {
  daemon = await startDaemon(place, [root], {
    env: { CODI_EXPORTS_SETTLE: '50ms', CODI_EXPORTS_TRANSCRIPT_SETTLE: '50ms', ...env },
  });
  client = await daemon.client();
}

const goesAway = (path: string) =>
  eventually(`${path} to go`, async () => (existsSync(path) ? undefined : true), 20_000);
const actsOf = async (id: number) =>
  (await client.request('QueryActs', { filter: { subject: `export:${id}` }, limit: 10 })).acts;
const shown = async (id: number) =>
  (await codiExport(place, 'show', String(id), '--json')).json()[0];

test(
  'exports move once they are kept, also over a kill; transcripts and other files stay',
  async () => {
    const folder = join(root, 'captured');
    const transcripts = join(place.home, 'sessions');
    mkdirSync(transcripts);
    const env = {
      CODI_EXPORTS_AFTER_CAPTURE: 'move',
      CODI_EXPORTS_MOVE_TO: folder,
      CODI_EXPORTS_TRANSCRIPTS: transcripts,
    };
    await start(env);
    const path = join(root, exportName('first'));
    writeFileSync(join(root, 'notes.txt'), 'no export');
    writeFileSync(join(transcripts, 'a.jsonl'), '{}\n');
    writeFileSync(path, 'what was said');
    const [row] = await someExports(client, 1, path);
    await goesAway(path);
    await someExports(client, 1, transcripts);
    // In a watched folder it is found again, kept once, and goes no further.
    const again = join(folder, exportName('first'));
    expect(await someExports(client, 1, again)).toMatchObject([{ state: 'duplicate' }]);
    const act = await eventually('the act', async () => (await actsOf(row!.id))[0], 20_000);
    expect(act).toMatchObject({ kind: 'export.original.moved', data: { path, to: again } });
    expect(await shown(row!.id)).toMatchObject({ original: { outcome: 'moved', to: again } });
    expect((await codiExport(place, 'show', String(row!.id))).out).toContain(`moved to ${again}`);

    const second = join(root, exportName('second'));
    writeFileSync(second, 'said before a kill');
    const [killed] = await someExports(client, 1, second);
    await client.close();
    await daemon.kill();
    await start(env);
    await goesAway(second);
    await eventually('the act', async () => (await actsOf(killed!.id))[0], 20_000);
    expect(await actsOf(killed!.id)).toHaveLength(1);
    expect(readFileSync(join(folder, exportName('second')), 'utf8')).toBe('said before a kill');
    expect(readdirSync(root).sort()).toEqual(['captured', 'notes.txt']);
    expect(readdirSync(transcripts)).toEqual(['a.jsonl']);
  },
  TIMEOUT_MS,
);

test(
  'exports are deleted once they are kept, each time they are made; restored they are what they were',
  async () => {
    await start({ CODI_EXPORTS_AFTER_CAPTURE: 'delete' });
    const path = join(root, exportName('again'));
    for (let round = 0; round < 2; round++) {
      writeFileSync(path, 'the same each time');
      await goesAway(path);
    }
    const [row, ...more] = await someExports(client, 1, path);
    expect(more).toEqual([]);
    await eventually('the acts', async () => (await actsOf(row!.id))[1], 20_000);
    expect(readdirSync(root)).toEqual([]);
    expect(await shown(row!.id)).toMatchObject({ original: { outcome: 'deleted' } });
    const target = join(place.home, 'back.txt');
    expect((await codiExport(place, 'restore', String(row!.id), target)).exitCode).toBe(0);
    expect(readFileSync(target, 'utf8')).toBe('the same each time');
  },
  TIMEOUT_MS,
);
