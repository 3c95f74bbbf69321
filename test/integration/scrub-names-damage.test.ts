import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';

const env = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
  CODI_STORAGE_SCRUB_INTERVAL: '1s',
  CODI_STORAGE_SCRUB_PERCENT: '20',
};

let place: DaemonPlace;
let daemon: RunningDaemon;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon.kill().catch(() => undefined);
  place.remove();
});

const codi = (...line: string[]) => runAt(place, ...line);

it('says to which block the ledger is verified; a segment that changes on the disk makes the daemon degraded', async () => {
  daemon = await startDaemon(place, [], { env });
  const client = await daemon.client();
  for (let at = 0; at < 60; at++)
    await client.log({ level: 'Info', component: 'c', message: `${at} ${'x'.repeat(4_000)}` });
  await codi('store', 'compact');
  const scrubbed = await eventually('a full pass', async () => {
    const { scrub } = await client.request('Health', {});
    const ledger = scrub?.find(({ database }) => database === 'ledger');
    return ledger?.pass_ended_at && ledger.verified_blocks > 60 ? ledger : undefined;
  });
  expect(scrubbed.damaged).toBe(0);
  const status = await codi('status');
  expect(status.exitCode).toBe(0);
  expect(status.out).toMatch(/verified to block \d+, all of it [\d.]+ \w+ ago/);

  const folder = join(place.dataDir, 'archive');
  const file = readdirSync(folder)[0]!;
  const path = join(folder, file);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  const degraded = await eventually('a degraded daemon', async () => {
    const { state, reasons } = await client.request('Health', {});
    return state === 'degraded' ? reasons! : undefined;
  });
  expect(degraded[0]).toContain(`archive/${file}: `);
  // Put right, the next pass says so.
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  await eventually('a healthy daemon', async () => {
    return (await client.request('Health', {})).state === 'healthy' ? true : undefined;
  });
  await client.close();
});
