import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';

const env = { CODI_MONITOR_POLL_INTERVAL: '100ms', CODI_MONITOR_SCAN_INTERVAL: '1d' };
let place: ReturnType<typeof newPlace>;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon?.stop();
  place.remove();
});

const json = async (...line: string[]) => (await runAt(place, ...line, '--json')).json();

/** As `codi watch ls` shows the one watched path, once the watcher knows. */
async function expectWatched(row: object): Promise<void> {
  await expect
    .poll(() => json('watch', 'ls'), { timeout: 20_000 })
    .toMatchObject([{ state: 'watching', ...row }]);
}
const POLLED = { mode: 'poll', hint_source: 'none', reason: 'asked for' };

async function expectPolled(file: string): Promise<void> {
  await expectWatched(POLLED);
  writeFileSync(file, 'x');
  const told = async () => (await json('events', '--event', 'create')).map(({ seen }) => seen);
  await expect.poll(async () => (await told()).at(-1), { timeout: 20_000 }).toBe('poll');
  expect(await json('watch', 'gaps', '--open')).toMatchObject([{ reason: 'poll' }]);
}

test('A path that is to be polled is, says so, and still is after a restart.', async () => {
  const folder = join(place.home, 'watched');
  mkdirSync(folder);
  daemon = await startDaemon(place, [], { env });
  await json('watch', 'add', folder, '--poll');
  await expectPolled(join(folder, 'a'));
  await daemon.stop();
  daemon = await startDaemon(place, [], { env });
  await expectWatched(POLLED);
  await json('watch', 'add', folder);
  await expectWatched({ mode: 'native' });
});

test('Paths given to a daemon with --poll are polled.', async () => {
  const folder = join(place.home, 'watched');
  mkdirSync(folder);
  daemon = await startDaemon(place, [folder], { env, args: ['--poll'] });
  await expectPolled(join(folder, 'a'));
});
