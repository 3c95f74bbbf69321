// Given a data directory on a disk of 6 MB. Break: entries are written until it is full. Expect during: entries
// are refused with the reason, the daemon lives and says that it is degraded. Expect after, once there is space:
// it goes on by itself, what was refused can be sent again, everything accepted is stored exactly once, and the
// chains verify.
import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { storedMessages, violations } from '../support/entries.ts';
import { auditVerify, health } from '../support/fault-run.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';

const ENTRIES = 4_000;
const SMALL_DISK = 'mount -t tmpfs -o size=6m tmpfs "$1"';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
  mkdirSync(place.dataDir);
});
afterEach(async () => {
  await daemon?.kill();
  place.remove();
});

/** The daemon in a mount namespace of its own, in which the disk is small. */
async function startOnSmallDisk(env: Record<string, string> = {}): Promise<RunningDaemon> {
  daemon = await startDaemon(place, [], { env, under: inNamespace(SMALL_DISK, place.dataDir) });
  return daemon;
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

skipUnless(canMount, NO_MOUNTS)(
  'a full disk refuses, says so, and loses nothing',
  async () => {
    const running = await startOnSmallDisk();
    const accepted: string[] = [];
    const filling = await running.client({ deadlineMs: 3_000 });
    expect(await fill(filling, 'first', accepted)).toEqual(['CODI_DISK_FULL']);
    expect(accepted.length).toBeGreaterThan(0);
    expect((await health(running)).state).toBe('degraded');

    besideDaemon(running, 'mount', '-o', 'remount,size=60m', place.dataDir);
    const again = await running.client({ deadlineMs: 3_000 });
    expect(await fill(again, 'second', accepted)).toEqual([]);
    await eventually('a healthy daemon', async () => (await health(running)).state === 'healthy');
    expect(violations(accepted, await storedMessages(again))).toEqual({ lost: [], doubled: [] });
    expect(auditVerify(running)).toEqual([]);
    await Promise.all([filling.close(), again.close()]);
  },
  120_000,
);

skipUnless(canMount, NO_MOUNTS)(
  'a daemon that has no room for its lock says so, and does not start',
  async () => {
    const full = `mount -t tmpfs -o size=16k tmpfs "$1" && { cat /dev/zero > "$1/filler" 2> /dev/null || true; }`;
    const starting = startDaemon(place, [], { under: inNamespace(full, place.dataDir) });
    await expect(starting).rejects.toThrow(/exited with 75: .*CODI_DISK_FULL/s);
  },
  60_000,
);
