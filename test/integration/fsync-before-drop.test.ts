// Entries leave the ledger for a file. A kill test cannot see a missing fsync, so the system calls are traced: the
// segment must have been written, then synced, then renamed, and then its directory synced, and only after all that may
// the write-ahead log take the pages that record it, in the transaction that begins to remove its rows.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { directorySyncAfter, historyOf, renamedPaths } from '../support/renamed-into-place.ts';
import { skipUnless } from '../support/skip.ts';
import { fileOf, hasStrace, NO_STRACE, readTrace, underStrace } from '../support/strace.ts';

const ENTRIES = 60;
/** Whole pages are shown, so that the name of a segment is found in the one that records it. */
const SHOWN_BYTES = 4_200;
const CALLS = 'trace=pwrite64,pwritev,write,writev,fdatasync,fsync,rename,renameat,renameat2';
const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
};

const place = newPlace();
let daemon: RunningDaemon | undefined;
afterEach(async () => {
  await daemon?.kill().catch(() => undefined);
  place.remove();
});

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  'a segment and its folder are synced before the ledger records it and lets go of its rows',
  async () => {
    const trace = join(place.home, 'trace');
    const args = ['-y', '-s', String(SHOWN_BYTES), '-e', CALLS, '-o', trace];
    daemon = await startDaemon(place, [], {
      env,
      under: underStrace(args),
      timeoutMs: 90_000,
    });
    const client = await daemon.client({ requestTimeoutMs: 90_000 });
    for (let at = 0; at < ENTRIES; at++)
      await client.log({ level: 'Info', component: 'c', message: `${at} ${'x'.repeat(4_000)}` });
    const { segments } = await client.request('CompactStore', {});
    await client.close();
    await daemon.stop();
    expect(segments).toBeGreaterThan(1);

    const calls = readTrace(readFileSync(trace, 'utf8'));
    const renames = calls.flatMap((call, at) =>
      call.name.startsWith('rename') && fileOf(call)?.endsWith('.jsonl.gz.unfinished') ? [at] : [],
    );
    expect(renames).toHaveLength(segments);
    for (const at of renames) {
      const name = basename(renamedPaths(calls[at]!)[1]);
      expect(historyOf(calls, at), name).toBe('write sync rename directory');
      const isRecord = ({ name: call, args: what }: (typeof calls)[number]) =>
        call.startsWith('pwrite') && /ledger\.db-wal>/.test(what) && what.includes(name);
      const recorded = calls.findIndex(isRecord);
      expect(recorded, `${name} is recorded`).toBeGreaterThan(0);
      expect(recorded, `${name} is recorded before its folder is synced`).toBeGreaterThan(
        directorySyncAfter(calls, at)!,
      );
    }
  },
  240_000,
);
