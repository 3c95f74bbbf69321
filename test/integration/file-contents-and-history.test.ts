// `codi files dup` and `codi files history`, as people use them.
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { runAt } from '../support/cli-harness.ts';
import { expectChecksums, sha256 } from '../support/contents.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

let place: DaemonPlace;
let daemon: RunningDaemon;
let client: MonitorClient;
let desk: string;
const at = (path: string) => join(desk, path);
/** In one step: a file that is written in place can be seen empty. */
function put(path: string, content: string): void {
  writeFileSync(join(place.home, 'aside'), content);
  renameSync(join(place.home, 'aside'), at(path));
}
const codi = (...line: string[]) => runAt(place, 'files', ...line);

beforeAll(async () => {
  place = newPlace();
  desk = join(place.home, 'desk');
  mkdirSync(desk);
  daemon = await startDaemon(place, [desk], { env: { CODI_MONITOR_CHECKSUM: 'sha256' } });
  client = await daemon.client();
});
afterAll(async () => {
  await client.close();
  await daemon.kill().catch(() => undefined);
  place.remove();
});

it('Equal files are listed, the largest waste first; a hard link is no copy, an empty file no waste.', async () => {
  const [small, large] = ['small'.repeat(10), 'large'.repeat(1_000)];
  mkdirSync(at('dup/in'), { recursive: true });
  for (const name of ['s1', 's2', 's3', 'in/s4']) writeFileSync(at(`dup/${name}`), small);
  for (const name of ['l1', 'l2']) writeFileSync(at(`dup/${name}`), large);
  linkSync(at('dup/l1'), at('dup/l1-link'));
  writeFileSync(at('dup/once'), 'once');
  writeFileSync(at('dup/once-too'), '');
  writeFileSync(at('dup/empty'), '');
  linkSync(at('dup/once'), at('dup/once-link'));
  await expectChecksums(client, desk);

  const all = await codi('dup', '--json');
  const paths = (...names: string[]) => names.map((name) => ({ root: desk, path: `dup/${name}` }));
  expect([all.exitCode, all.notes]).toEqual([0, '']);
  expect(all.json()).toEqual([
    {
      checksum: sha256(large),
      size: 5_000,
      copies: 2,
      wasted_bytes: 5_000,
      paths: paths('l1', 'l1-link', 'l2'),
    },
    {
      checksum: sha256(small),
      size: 50,
      copies: 4,
      wasted_bytes: 150,
      paths: paths('in/s4', 's1', 's2', 's3'),
    },
  ]);
  const first = await codi('dup', '--limit', '1', '--root', desk);
  expect(first.out).toContain('5.0 kB wasted: 2 copies, 3 names of 5.0 kB');
  expect(first.out).toContain(`  ${at('dup/l1-link')}\n`);
  expect(first.out).not.toContain('s1');
  expect(first.notes).toContain('the largest 1 group, 5.0 kB wasted; see more with --limit');
  expect((await codi('dup', '--min-size', '51', '--json')).json()).toHaveLength(1);
  expect(await codi('dup', '--root', place.home)).toMatchObject({ exitCode: 5 });
});

it('A path is followed back through its names, also when its folder moved, and when it is gone.', async () => {
  const steps = [
    () => mkdirSync(at('old')),
    () => put('old/first', 'one'),
    () => renameSync(at('old/first'), at('old/name')),
    () => renameSync(at('old'), at('new')),
    () => put('new/name', 'two'),
    () => put('new/other', 'x'),
  ];
  for (const step of steps) {
    step();
    await client.request('Sync', {});
  }
  await expectChecksums(client, desk);
  const history = async (...line: string[]) =>
    (await codi('history', ...line, '--json'))
      .json()
      .map(({ event, from, path }) => [event, ...(from ? [from] : []), path].join(' '));
  const lived = ['update new/name', 'move old new', 'move old/first old/name', 'create old/first'];
  expect(await history(at('new/name'))).toEqual(lived);
  expect(await history(at('new/name'), '--limit', '2')).toEqual(lived.slice(0, 2));

  const page = await codi('history', at('new/name'), '--limit', '2', '--show-cursor', '--json');
  const { next } = page.json().at(-1) as { next: string };
  expect(await history(at('new/name'), '--cursor', next)).toEqual(lived.slice(2));

  expect(await history(at('old/name'))).toEqual(lived.slice(1));
  rmSync(at('new/name'));
  await client.request('Sync', {});
  expect(await history(at('new/name'))).toEqual(['delete new/name', ...lived]);

  const verbose = await codi('history', at('new/name'), '-v');
  const [one, two] = [sha256('one').slice(0, 12), sha256('two').slice(0, 12)];
  expect(verbose.out).toMatch(new RegExp(`delete +new/name +${two} → -\n`));
  expect(verbose.out).toMatch(new RegExp(`update +new/name .*${one} → ${two}\n`));
  const events = await runAt(place, 'events', '--path', 'new/name', '-v');
  expect(events.out).toContain(`${one} → ${two}\n`);

  expect(await codi('history', at('never'))).toMatchObject({ exitCode: 0, notes: 'no events\n' });
  const outside = await codi('history', '/elsewhere/x');
  expect([outside.exitCode, outside.notes]).toEqual([5, expect.stringContaining('/elsewhere/x')]);
});

it.each([
  { archive: 'true', note: /^events of this time are in the archive, too: add --archived\n$/ },
  { archive: 'false', note: /^no events\nretention has deleted events up to [\d,]+\n$/ },
])(
  'What retention took of a history is said (storage.archive = $archive).',
  async ({ archive, note }) => {
    const other = newPlace();
    const folder = join(other.home, 'desk');
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), '');
    const env = {
      CODI_STORAGE_SIZE_LIMIT: '64KiB',
      CODI_STORAGE_SEGMENT_BYTES: '64KiB',
      CODI_STORAGE_RETENTION_INTERVAL: '7d',
      CODI_STORAGE_ARCHIVE: archive,
    };
    const small = await startDaemon(other, [folder], { env });
    const writer = await small.client();
    for (let n = 0; n < 90; n++)
      await writer.log({ level: 'Info', component: 'c', message: 'x'.repeat(3_000) });
    await writer.close();
    await runAt(other, 'store', 'compact');
    const history = (...line: string[]) =>
      runAt(other, 'files', 'history', join(folder, 'file'), ...line);
    const live = await history();
    expect([live.out, live.exitCode]).toEqual(['', 0]);
    expect(live.notes.replace(/^no events\n(?=events)/, '')).toMatch(note);
    const all = (await history('--archived', '--json')).json();
    expect(all.map(({ event }) => event)).toEqual(archive === 'true' ? ['create'] : []);
    await small.stop();
    other.remove();
  },
  60_000,
);
