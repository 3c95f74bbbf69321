// Cases 15 and 16 of the known ways in which watchers fail: bursts of signals, to the daemon's process group or to the
// watch hosts themselves, where they interrupt native code; and hosts that outlive a daemon which is killed at work.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { hostPids } from '../support/host-pids.ts';
import { isAlive } from '../support/is-alive.ts';
import { skipUnless } from '../support/skip.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));
const BUDGET = 20;
const BURST = 6_000;
const WITHIN_MS = 20_000;
const HOST_LIFE_AFTER_DAEMON_MS = 2_000;
const chaos = skipUnless(existsSync('/proc/self/task'), 'there is no /proc', {
  requiredOnCi: true,
});

let place: DaemonPlace;
let daemon: RunningDaemon;
/** One is watched directory by directory, one by a recursive watcher. */
let small: string;
let large: string;

beforeEach(async () => {
  place = newPlace();
  [small, large] = ['small', 'large'].map((name) => join(place.home, name)) as [string, string];
  for (let index = 0; index < 2 * BUDGET; index++)
    mkdirSync(join(large, `d${index}`), { recursive: true });
  mkdirSync(join(small, 'd0'), { recursive: true });
  daemon = await startDaemon(place, [small, large], {
    env: { CODI_MONITOR_DIRECTORY_BUDGET: String(BUDGET), CODI_MONITOR_SCAN_INTERVAL: '1d' },
    // A group of its own: signals to it are for nobody else.
    under: ['setsid'],
  });
});
afterEach(async () => {
  await daemon.stop();
  place.remove();
});

const rows = async (...args: string[]) =>
  (await runAt(place, ...args, '--json')).json() as Record<string, string | number>[];
const gaps = () => rows('watch', 'gaps');
const write = (root: string, name: string) => writeFileSync(join(root, 'd0', name), 'x');

/** Nobody asks for a look: hints, or whoever notices that they stopped, had them recorded. */
const areRecorded = (names: readonly string[]) => areRecordedIn([small, large], names);

async function areRecordedIn(roots: readonly string[], names: readonly string[]): Promise<void> {
  const wanted = names.map((name) => `d0/${name}`);
  for (const root of roots)
    await eventually(
      `all files of ${root}`,
      async () => {
        const found = await rows('events', '--root', root, '--limit', '1000');
        const paths = new Set(found.map(({ path }) => path));
        return wanted.every((path) => paths.has(path));
      },
      WITHIN_MS,
    );
}

/** A burst to each of these, with a file in both roots now and then. */
function burst(pids: readonly number[], signals: readonly NodeJS.Signals[]): string[] {
  const names: string[] = [];
  for (let sent = 0; sent < BURST; sent++) {
    for (const pid of pids) process.kill(pid, signals[sent % signals.length]);
    if (sent % 200 > 0) continue;
    names.push(`f${sent}`);
    for (const root of [small, large]) write(root, `f${sent}`);
  }
  return names;
}

chaos(
  'A burst of signals to the group of the daemon disturbs neither it nor its hosts.',
  async () => {
    const before = await hostPids(place);
    expect(Object.keys(before).sort()).toEqual(['host-1', 'parcel-1']);
    await areRecorded(burst([-daemon.pid], ['SIGHUP', 'SIGUSR2']));
    expect(await hostPids(place)).toEqual(before);
    // A busy machine may stop any process for a while.
    const reasons = (await gaps()).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason !== 'host_stalled')).toEqual([]);
  },
);

chaos(
  'After a burst of signals to the hosts, which may end native watches, nothing is missed.',
  async () => {
    const hosts = Object.values(await hostPids(place));
    await areRecorded(burst(hosts, ['SIGHUP', 'SIGUSR2']));
    const isOver = async () =>
      (await gaps()).every(({ closed }) => closed !== undefined) &&
      (await rows('watch', 'ls')).every(
        ({ mode, state }) => mode === 'native' && state === 'watching',
      );
    await eventually('all doubts are over', isOver, WITHIN_MS);
    for (const root of [small, large]) write(root, 'after');
    await areRecorded(['after']);
  },
);

chaos(
  'No host outlives a daemon that is killed in the middle of a storm by two seconds.',
  async () => {
    const hosts = Object.values(await hostPids(place));
    for (let index = 0; index < 10_000; index++)
      writeFileSync(join(index % 2 ? small : large, 'd0', `s${index}`), 'x');
    await daemon.kill();
    const isGone = () => !hosts.some(isAlive);
    await eventually('the end of the hosts', isGone, HOST_LIFE_AFTER_DAEMON_MS);
  },
);

chaos('Ctrl-C at codi up stops the daemon in order: its hosts did not hear of it.', async () => {
  await daemon.stop();
  const args = ['up', small, '--data-dir', place.dataDir, '--socket', place.socketPath];
  const up = spawn(process.execPath, [CLI, ...args], { detached: true, stdio: 'ignore' });
  const ended = new Promise((resolve) => up.once('exit', resolve));
  const isUp = async () => (await runAt(place, 'watch', 'ls', '--json')).exitCode === 0;
  await eventually('the daemon to answer', isUp, WITHIN_MS);
  process.kill(-up.pid!, 'SIGINT');
  await deadline('the end of codi up', ended, WITHIN_MS);
  write(small, 'meanwhile');
  daemon = await startDaemon(place, [small]);
  expect(new Set((await gaps()).map(({ reason }) => reason))).not.toContain('host_crashed');
  await areRecordedIn([small], ['meanwhile']);
});
