// Given a data directory on a disk of 6 MB. Break: entries are written until it is full. Expect during: entries
// are refused with the reason, the daemon lives and says that it is degraded. Expect after, once there is space:
// it goes on by itself, what was refused can be sent again, and everything accepted is stored exactly once.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { MonitorClient } from '#codi/client/monitor-client.js';
import { MONITOR_ENTRY, newPlace } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { storedMessages, violations } from '../support/entries.ts';
import { skipUnless } from '../support/skip.ts';

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
const ENTRIES = 4_000;

const place = newPlace();
let daemon: ChildProcess | undefined;
afterEach(() => {
  daemon?.kill('SIGKILL');
  place.remove();
});

/** The daemon in a mount namespace of its own, in which the disk is small. */
function startOnSmallDisk(disk: string): ChildProcess {
  const script =
    'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" "$3" --data-dir "$1/data" --socket "$4"';
  const args = [disk, process.execPath, MONITOR_ENTRY, place.socketPath];
  return spawn('unshare', ['-m', 'bash', '-c', script, 'bash', ...args], { stdio: 'ignore' });
}

async function fill(client: MonitorClient, name: string, accepted: string[]): Promise<string[]> {
  const codes = new Set<string>();
  const answers: Promise<void>[] = [];
  for (let number = 0; number < ENTRIES; number++) {
    await client.room();
    const message = `${name} ${number} ${'x'.repeat(2_000)}`;
    const answer = client.log({ level: 'Info', component: 'load', message });
    answers.push(
      answer.then(
        () => void accepted.push(message),
        (error: { code: string }) => void codes.add(error.code),
      ),
    );
  }
  await Promise.all(answers);
  return [...codes];
}

const connect = () =>
  eventually('the daemon', () =>
    MonitorClient.connect({ socketPath: place.socketPath, deadlineMs: 3_000 }).catch(
      () => undefined,
    ),
  );

skipUnless(canMount, 'a small disk needs a mount namespace')(
  'a full disk refuses, says so, and loses nothing',
  async () => {
    const disk = join(place.home, 'disk');
    mkdirSync(disk);
    daemon = startOnSmallDisk(disk);
    const accepted: string[] = [];
    const filling = await connect();
    expect(await fill(filling, 'first', accepted)).toEqual(['CODI_DISK_FULL']);
    expect(accepted.length).toBeGreaterThan(0);
    const asking = await connect();
    const status = await asking.request('Health', {});
    expect(status.state).toBe('degraded');

    spawnSync('nsenter', ['-t', String(daemon.pid), '-m', 'mount', '-o', 'remount,size=60m', disk]);
    const again = await connect();
    expect(await fill(again, 'second', accepted)).toEqual([]);
    await eventually('a healthy daemon', async () => {
      return (await asking.request('Health', {})).state === 'healthy';
    });
    const stored = await storedMessages(asking);
    expect(violations(accepted, stored)).toEqual({ lost: [], doubled: [] });
    await Promise.all([asking.close(), again.close()]);
  },
  120_000,
);
