// A kill cannot show a missing sync, because the page cache outlives the process. So the system calls of a program that
// logs without a daemon are traced: before it says that an entry is kept, its bytes, its file's name and the folder
// must have been synced.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect } from 'vitest';
import { newPlace } from '../support/daemon.ts';
import { deadline } from '../support/deadline.ts';
import { skipUnless } from '../support/skip.ts';
import { fileOf, hasStrace, NO_STRACE, readTrace, underStrace } from '../support/strace.ts';

const CLIENT = fileURLToPath(new URL('../../dist/client/index.js', import.meta.url));
const ENTRIES = 5;
const place = newPlace();
afterEach(() => place.remove());

/** Writes one entry after the other and says of each when it is kept. */
const program = (fsync: string) => `
  import { writeSync } from 'node:fs';
  import { MonitorClient } from ${JSON.stringify(CLIENT)};
  const client = await MonitorClient.connect({
    dataDir: ${JSON.stringify(place.dataDir)}, socketPath: ${JSON.stringify(place.socketPath)},
    spool: { fsync: '${fsync}' }, retry: { attempts: 1 },
  });
  for (let index = 0; index < ${ENTRIES}; index++) {
    const { place } = await client.log({ level: 'Info', component: 'trace', message: 'entry ' + index });
    writeSync(1, 'kept ' + place + ' ' + index);
  }
  await client.close();`;

async function trace(fsync: string) {
  mkdirSync(place.home, { recursive: true });
  const file = join(place.home, `trace-${fsync}`);
  const calls = 'trace=write,pwrite64,writev,fdatasync,fsync,openat,mkdir,mkdirat';
  const node = [process.execPath, '--input-type=module', '-e', program(fsync)];
  const [command, ...args] = underStrace(['-y', '-s', '300', '-e', calls, '-o', file, ...node]);
  const child = spawn(command, args, { stdio: 'ignore' });
  const exitCode = await deadline(
    'the program to end',
    new Promise((resolve) => child.once('exit', resolve)),
    60_000,
  );
  expect(exitCode).toBe(0);
  return readTrace(readFileSync(file, 'utf8'));
}

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  'an entry in the spool is synced, with the name of its file, before its promise resolves',
  async () => {
    const synced = new Set<string>();
    const dirty = new Set<string>();
    const known: string[] = [];
    let spoolFile = '';
    for (const call of await trace('always')) {
      const file = fileOf(call) ?? '';
      if (call.name.endsWith('sync')) {
        expect(call.result).toBe('0');
        synced.add(file);
        dirty.delete(file);
      } else if (file.endsWith('.jsonl') && call.name.includes('write')) {
        spoolFile = file;
        dirty.add(file);
      } else if (call.args.includes('"kept spool')) {
        expect([...dirty], `${call.args} before the sync`).toEqual([]);
        for (const folder of [dirname(spoolFile), place.dataDir, dirname(place.dataDir)])
          expect(synced, 'the folder that holds the name').toContain(folder);
        known.push(call.args);
      }
    }
    expect(known).toHaveLength(ENTRIES);
  },
  120_000,
);

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  'under `never` nothing is synced',
  async () => {
    const calls = await trace('never');
    expect(calls.filter(({ args }) => args.includes('"kept spool'))).toHaveLength(ENTRIES);
    expect(
      calls.filter((call) => call.name.endsWith('sync') && fileOf(call)?.endsWith('.jsonl')),
    ).toEqual([]);
  },
  120_000,
);
