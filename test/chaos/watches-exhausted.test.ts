// Case 12 of the known ways in which watchers fail: no watches are left, at the start or later. A user namespace has
// limits of its own, so nothing else on the machine is in want.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { NO_READ_AHEAD } from '#codi/workers/watch-host/ahead-slots.js';
import type { HostLimits, RootStatus } from '#codi/workers/watch-host/watch-host.messages.js';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon } from '../support/daemon.ts';
import { skipUnless } from '../support/skip.ts';
import {
  canLimitInotify,
  NO_INOTIFY_LIMITS,
  withInotifyLimits,
  type InotifyLimits,
} from '../support/user-namespace.ts';
import { WatchHostProcess } from '../support/watch-host-process.ts';

const chaos = skipUnless(canLimitInotify, NO_INOTIFY_LIMITS, { requiredOnCi: true });

let base: string;
let host: WatchHostProcess | undefined;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'codi-scarce-'));
});
afterEach(async () => {
  await host?.stop();
  host = undefined;
  rmSync(base, { recursive: true, force: true });
});

async function started(limits: InotifyLimits, share: number): Promise<WatchHostProcess> {
  host = new WatchHostProcess(withInotifyLimits(limits));
  const { messages } = host;
  await host.until(() => messages.some(({ type }) => type === 'sys.ready'), 'it is ready');
  const told: HostLimits = {
    hosts: 1,
    watchSharePercent: share,
    watchesCount: 500_000,
    coverageIntervalMs: 1_000,
    readAhead: NO_READ_AHEAD,
  };
  host.send({ type: 'limits', limits: told });
  return host;
}

function makeFolders(from: number, to: number): void {
  for (let index = from; index < to; index++)
    mkdirSync(join(base, `d${index}`, 'e'), { recursive: true });
}

function writeEverywhere(name: string, count: number): void {
  for (let index = 0; index < count; index++)
    writeFileSync(join(base, `d${index}`, 'e', name), 'x');
}

const status = (): RootStatus =>
  host!.messages.findLast(
    (message) => message.type === 'watching' || message.type === 'rootStatus',
  ) as unknown as RootStatus;

chaos(
  'With more folders than watches the rest is polled, at the start and when more come; nothing is missed.',
  async () => {
    makeFolders(0, 20);
    const running = await started({ watches: 30, areHidden: true }, 100);
    await running.watch(1, base, { pollIntervalMs: 200 });
    // 41 directories, 30 watches.
    expect(status()).toMatchObject({ mode: 'native', hintSource: 'fs', polledDirectories: 11 });
    expect(status().reason).toContain('fs.inotify.max_user_watches');
    writeEverywhere('f', 20);
    await running.untilEqual(1, base);
    makeFolders(20, 30);
    writeEverywhere('g', 30);
    await running.untilEqual(1, base);
    await running.until(() => status().polledDirectories === 31, 'the new ones are polled as well');
    const seen = new Set(running.events.map((event) => event.seen));
    expect([...seen]).toEqual(expect.arrayContaining(['native', 'poll']));
    expect(running.messages).toContainEqual(
      expect.objectContaining({ type: 'doubt', reason: 'watches_exhausted', isOpen: true }),
    );
  },
);

chaos('No more than the share of the watches is taken.', async () => {
  makeFolders(0, 20);
  const running = await started({ watches: 40 }, 50);
  await running.watch(1, base, { pollIntervalMs: 200 });
  expect(status()).toMatchObject({ mode: 'native', polledDirectories: 21 });
  expect(status().reason).toContain('monitor.watch_share');
  await running.until(
    () => running.messages.some((told) => told.type === 'vitals' && told.watches === 20),
    'twenty watches are counted',
  );
  writeEverywhere('f', 20);
  await running.untilEqual(1, base);
});

chaos('Without an inotify instance the root is polled, with the reason.', async () => {
  makeFolders(0, 3);
  const running = await started({ instances: 0 }, 100);
  await running.watch(1, base, { pollIntervalMs: 200 });
  expect(status()).toMatchObject({ mode: 'poll', hintSource: 'none' });
  expect(status().reason).toContain('fs.inotify.max_user_instances');
  writeEverywhere('f', 3);
  await running.untilEqual(1, base);
});

// Case 13: native code that asks for an instance then waits for ever, and the process with it.
for (const instances of [0, 1])
  chaos(
    `With ${instances} inotify instances the recursive source does not hang the host.`,
    async () => {
      makeFolders(0, 3);
      const running = await started({ instances }, 100);
      // Takes the only one.
      await running.watch(1, join(base, 'd0'), { hintSource: 'fs', pollIntervalMs: 200 });
      await running.watch(2, base, { hintSource: 'parcel', pollIntervalMs: 200 });
      expect(status()).toMatchObject({ mode: 'poll', hintSource: 'none' });
      expect(status().reason).toContain('fs.inotify.max_user_instances');
      writeEverywhere('f', 3);
      await running.untilEqual(2, base);
    },
  );

chaos(
  'The daemon says how many folders are polled and why, and `codi doctor` what to do.',
  async () => {
    const place = newPlace('codi-scarce-');
    makeFolders(0, 20);
    const daemon = await startDaemon(place, [base], { under: withInotifyLimits({ watches: 30 }) });
    try {
      const { out } = await runAt(place, 'watch', 'ls');
      expect(out).toContain('native (fs), 26 folders polled');
      expect(out).toContain('monitor.watch_share');
      const doctor = await runAt(place, 'doctor', '--json');
      expect(doctor.exitCode).toBe(6);
      const [{ checks }] = doctor.json() as [{ checks: { name: string; hint?: string }[] }];
      const inotify = checks.find(({ name }) => name === 'inotify-watches');
      expect(inotify).toMatchObject({ state: 'bad' });
      expect(inotify!.hint).toMatch(/^sudo sysctl fs\.inotify\.max_user_watches=\d+\n/);
    } finally {
      await daemon.stop();
      place.remove();
    }
  },
);
