// A program on a machine where the daemon's socket and data directory are not to be seen: it has an address and a token.
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { allRows } from '../support/oracle.ts';

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
beforeEach(() => {
  place = newPlace();
});
afterEach(async () => {
  await daemon?.stop();
  place.remove();
});

const start = (port: number) =>
  startDaemon(place, [], { env: { CODI_MONITOR_MODE: 'tcp', CODI_MONITOR_PORT: String(port) } });

test('A client over TCP spools while the daemon is away and hands over in order, without a shared folder.', async () => {
  daemon = await start(0);
  const owner = await daemon.client();
  const { token } = await owner.request('CreateToken', { name: 'remote' });
  const { tcp } = await owner.request('Health', {});
  await owner.close();
  const port = Number(tcp!.address.split(':')[1]);
  const directory = join(place.home, 'elsewhere');
  const client = await MonitorClient.connect({
    socketPath: join(place.home, 'nobody.sock'),
    tcp: { host: '127.0.0.1', port, token },
    spool: { directory },
    retry: { attempts: 2, minMs: 10, maxMs: 100 },
  });
  let sent = 0;
  const log = (count: number) =>
    client.batch(
      Array.from({ length: count }, () => ({
        level: 'Info' as const,
        component: 'remote',
        message: String(sent++),
      })),
    );
  expect((await log(100)).every((accepted) => accepted.place === 'ledger')).toBe(true);
  await daemon.kill();
  expect((await log(500)).every((accepted) => accepted.place === 'spool')).toBe(true);
  daemon = await start(port);
  await eventually('the hand-over', () => client.mode === 'connected');
  await log(100);
  expect(readdirSync(directory)).toEqual([]);
  await client.close();

  const reader = await daemon.client();
  const body = { filter: { component: 'remote' }, order: 'oldest', count: 'none' };
  const rows = await allRows(reader, 'QueryLogs', 'entries', body);
  await reader.close();
  expect(rows.map((row) => row['message'])).toEqual(
    Array.from({ length: sent }, (_, at) => String(at)),
  );
}, 60_000);
