// Cases 2, 6 and 18 of the known ways in which watchers fail: directories that nobody watches though everybody
// believes it, and watches that nobody wants. strace answers for the kernel: the watch seems placed and is not.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { NO_READ_AHEAD } from '#codi/workers/watch-host/ahead-slots.js';
import type { HostVitals } from '#codi/workers/watch-host/watch-host.messages.js';
import { skipUnless } from '../support/skip.ts';
import { attachStrace, hasStrace, NO_STRACE } from '../support/strace.ts';
import { WatchHostProcess } from '../support/watch-host-process.ts';

const chaos = skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true });

let base: string;
let host: WatchHostProcess;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'codi-blind-'));
  host = new WatchHostProcess();
  await host.until(() => host.messages.some(({ type }) => type === 'sys.ready'), 'it is ready');
  host.send({
    type: 'limits',
    limits: {
      ...{ hosts: 1, watchSharePercent: 50, watchesCount: 100_000 },
      coverageIntervalMs: 1_000,
      readAhead: NO_READ_AHEAD,
    },
  });
});
afterEach(async () => {
  await host.stop();
  rmSync(base, { recursive: true, force: true });
});

const vitals = () =>
  host.messages.findLast((message) => message.type === 'vitals') as HostVitals | undefined;

/** Directories made while the kernel is kept from watching anything: codi is told that it does. */
async function makeBlind(make: () => void, isKnown: () => boolean): Promise<void> {
  const inject = ['-e', 'trace=inotify_add_watch', '-e', 'inject=inotify_add_watch:retval=54321'];
  const strace = await attachStrace(host.child.pid!, inject);
  make();
  await host.until(isKnown, 'they are recorded');
  await strace.detach();
}

for (const hintSource of ['fs', 'parcel'] as const)
  chaos(
    `Blind directories are found, watched anew and looked through (${hintSource}).`,
    async () => {
      for (let index = 0; index < 20; index++) mkdirSync(join(base, `d${index}`));
      // Nothing but the audit finds what happens in a blind directory.
      const fold = await host.watch(1, base, { hintSource, sweepIntervalMs: 3_600_000 });
      const blind = ['a', 'a/b', 'a/b/c'];
      await makeBlind(
        () => mkdirSync(join(base, 'a', 'b', 'c'), { recursive: true }),
        () => blind.every((path) => fold.entries.has(path as never)),
      );
      writeFileSync(join(base, 'a', 'b', 'c', 'unseen'), 'x');
      await host.untilEqual(1, base);
      const repaired = () => vitals()?.repairedDirectories ?? 0;
      await host.until(() => repaired() > 0, 'the audit counts them');
      expect(repaired()).toBeLessThanOrEqual(3);
      const doubts = host.messages.filter(({ type }) => type === 'doubt');
      expect(doubts[0]).toMatchObject({ reason: 'blind_directories', isOpen: true });
      await host.until(
        () => host.messages.some((told) => told.type === 'doubt' && !told.isOpen),
        'the doubt ends',
      );
      host.events.length = 0;
      writeFileSync(join(base, 'a', 'b', 'c', 'seen'), 'x');
      await host.until(() => host.events.length > 0, 'it is watched');
      expect(host.events[0]).toMatchObject({ event: 'create', path: 'a/b/c/seen', seen: 'native' });
    },
  );

chaos('Directories that are moved out, deleted and made anew leave no watch behind.', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'codi-outside-'));
  try {
    await host.watch(1, base, { hintSource: 'fs' });
    for (let round = 0; round < 20; round++) {
      mkdirSync(join(base, `d${round}`, 'e', 'f'), { recursive: true });
      await host.untilEqual(1, base);
      if (round % 2 === 0) renameSync(join(base, `d${round}`), join(outside, `d${round}`));
      else rmSync(join(base, `d${round}`), { recursive: true });
    }
    await host.untilEqual(1, base);
    const audits = host.messages.length;
    const fresh = () => host.messages.slice(audits).filter(({ type }) => type === 'vitals').length;
    await host.until(() => fresh() >= 3, 'three more audits');
    expect(vitals()).toMatchObject({ watches: 1, leakedWatches: 0, blindDirectories: 0 });
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});
