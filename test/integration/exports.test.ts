import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { ExportRow } from '#codi/protocol/messages.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let root: string;

const FAST = { CODI_EXPORTS_SETTLE: '50ms', CODI_EXPORTS_TRANSCRIPT_SETTLE: '50ms' };

beforeEach(() => {
  place = newPlace();
  root = join(place.home, 'work');
  mkdirSync(root);
});

afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  place.remove();
});

async function rows(client: MonitorClient, filter: object = {}): Promise<ExportRow[]> {
  const { exports } = await client.request('QueryExports', {
    filter,
    limit: 1_000,
    order: 'oldest',
  });
  return exports;
}

test('an export is captured with its content, its time and its checksum', async () => {
  daemon = await startDaemon(place, [root], { env: FAST });
  const client = await daemon.client();
  const name = '2026-04-15-181648-what-is-a-ledger.txt';
  const content = 'a conversation\n'.repeat(1_000);
  writeFileSync(join(root, name), content);
  writeFileSync(join(root, 'notes.txt'), 'no export');
  const [row] = await eventually('the export to be captured', async () => {
    const found = await rows(client);
    return found.length > 0 ? found : undefined;
  });
  expect(row).toMatchObject({
    id: 1,
    original_path: join(root, name),
    size: content.length,
    checksum: createHash('sha256').update(content).digest('hex'),
    state: 'captured',
    kind: 'export',
  });
  const stored = readFileSync(join(place.dataDir, row!.archive_path!));
  expect(gunzipSync(stored).toString()).toBe(content);
  await client.close();
});
