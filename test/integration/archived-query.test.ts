import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
  CODI_STORAGE_FULL_TEXT: '1',
};
const ENTRIES = 90;
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const ALL = Array.from({ length: ENTRIES }, (_, at) => at + 1);

let place: DaemonPlace;
let daemon: RunningDaemon;
beforeEach(async () => {
  place = newPlace();
  daemon = await startDaemon(place, [], { env });
  const client = await daemon.client();
  for (const at of ALL)
    await client.log({
      level: at % 10 === 0 ? 'Error' : 'Info',
      component: at % 2 ? 'odd' : 'even',
      message: `entry ${at} ${at % 3 ? 'apple' : 'Pear'} ${'x'.repeat(3_000)}`,
      metadata: { at },
      timestamp: new Date(START_MS + at * 1_000).toISOString(),
    });
  await client.close();
  await codi('store', 'compact');
});
afterEach(async () => {
  await daemon.kill().catch(() => undefined);
  place.remove();
});

const codi = (...line: string[]) => runAt(place, ...line);
const ids = (run: Awaited<ReturnType<typeof codi>>) => run.json().map(({ id }) => id);

it('query says that the archive has more, and --archived gives all of it, also over a restart and offline', async () => {
  const live = await codi('query', '--json');
  expect(ids(live).length).toBeLessThan(ENTRIES);
  expect(live.notes).toBe('entries of this time are in the archive, too: add --archived\n');
  // The newest ones are not in the archive, so there is nothing to say.
  expect((await codi('query', '--json', '-n', '2')).notes).toBe('');
  const all = await codi('query', '--json', '--archived');
  expect(all).toMatchObject({ exitCode: 0, notes: '' });
  expect(ids(all)).toEqual(ALL);
  expect(ids(await codi('query', '--json', '--archived', '--order', 'newest'))).toEqual(
    ALL.toReversed(),
  );
  const filtered = ['query', '--json', '--archived', '-l', 'error', '-c', 'even', '-t', 'PEAR'];
  expect(ids(await codi(...filtered))).toEqual([30, 60, 90]);
  expect(ids(await codi('query', '--json', '--archived', '--meta', 'at=7'))).toEqual([7]);
  const words = ['query', '--json', '--archived', '--full-text', '--text', 'pear -5'];
  expect(ids(await codi(...words))).toEqual(ALL.filter((at) => at % 3 === 0));
  expect((await codi('query', '--archived', '--count')).out).toBe(`${ENTRIES}\n`);
  const csv = await codi('query', '--archived', '--csv', '--meta', 'at=7');
  expect(csv.out).toContain('entry 7 apple');

  // A page before a restart, the next one behind it.
  const first = await codi(
    'query',
    '--json',
    '--archived',
    '--order',
    'oldest',
    '-n',
    '40',
    '--show-cursor',
  );
  const rows = first.json();
  const cursor = String(rows.pop()!['next']);
  await daemon.stop();
  const rest = ['query', '--json', '--archived', '--order', 'oldest', '--cursor', cursor];
  const offline = await codi(...rest, '--offline');
  expect([...rows.map(({ id }) => id), ...ids(offline)]).toEqual(ALL);
  daemon = await startDaemon(place, [], { env });
  expect(ids(await codi(...rest))).toEqual(ids(offline));
  expect((await codi('tail', '-n', String(ENTRIES), '--archived')).out).toContain('entry 1 apple');
  expect((await codi('tail', '-n', String(ENTRIES))).notes).toContain('add --archived');
});

it('a damaged segment is named with what is missing, and a missing one; the rest is given', async () => {
  const folder = join(place.dataDir, 'archive');
  const [one, two] = readdirSync(folder).toSorted() as [string, string];
  const bytes = readFileSync(join(folder, one));
  // In the middle of the entries, far from the index.
  bytes[Math.floor(bytes.length / 3)]! ^= 1;
  writeFileSync(join(folder, one), bytes);
  const run = await codi('query', '--json', '--archived');
  expect(run.exitCode).toBe(6);
  expect(run.notes).toMatch(
    new RegExp(`^archive/${one} cannot be read, its entries are missing here: blocks \\d+ to`),
  );
  expect(run.notes.trim().split('\n')).toHaveLength(1);
  const found = ids(run);
  expect(found.length).toBeGreaterThan(0);
  expect(found).toEqual(ALL.slice(-found.length));

  renameSync(join(folder, two), join(place.home, two));
  // Readers keep what they have unpacked.
  await daemon.stop();
  daemon = await startDaemon(place, [], { env });
  const both = await codi('query', '--archived', '--count', '--json');
  expect(both.exitCode).toBe(6);
  expect(both.notes).toContain(
    `archive/${two} cannot be read, its entries are missing here: it is missing`,
  );
  expect(both.json()[0]!['total']).toBeLessThan(found.length);
  expect((await codi('query', '--json', '--archived', '-n', '1')).exitCode).toBe(0);
});
