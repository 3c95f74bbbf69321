// A program on a machine where the daemon's socket and data directory are not to be seen: it has an address and a token.
import { join } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MonitorClient, type TlsOptions } from '#codi/client/index.js';
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

test('The certificate the daemon made is pinned by what `codi status` shows; any other is told nothing.', async () => {
  const env = { CODI_MONITOR_PORT: '0', CODI_MONITOR_TLS: 'true' };
  daemon = await startDaemon(place, [], { env });
  const owner = await daemon.client();
  const { token } = await owner.request('CreateToken', { name: 'remote' });
  const { tcp } = await owner.request('Health', {});
  const fingerprint = tcp!.fingerprint!;
  const port = Number(tcp!.address.split(':')[1]);
  const directory = join(place.home, 'elsewhere');
  const connect = (tls: boolean | TlsOptions, spool: false | { directory: string } = false) =>
    MonitorClient.connect({
      socketPath: join(place.home, 'nobody.sock'),
      tcp: { host: '127.0.0.1', port, token, tls },
      spool,
      retry: { attempts: 2, minMs: 10, maxMs: 100 },
    });
  const entry = (message: string) => ({ level: 'Info' as const, component: 'pinned', message });
  const ca = readFileSync(join(place.dataDir, 'tls', 'cert.pem'));
  const forms: TlsOptions[] = [
    { fingerprint },
    { fingerprint: fingerprint.replaceAll(':', '').toLowerCase() },
    // The certificate names localhost; the name of a pinned one does not matter.
    { fingerprint, servername: 'bank.example' },
    { ca, servername: 'localhost' },
  ];
  for (const [at, tls] of forms.entries()) {
    const client = await connect(tls);
    expect((await client.log(entry(`${at}`))).place).toBe('ledger');
    await client.close();
  }

  const last = fingerprint.endsWith('0') ? '1' : '0';
  const wrong = { fingerprint: fingerprint.slice(0, -1) + last };
  for (const tls of [wrong, true, { ca, servername: 'bank.example' }]) {
    const error = await connect(tls).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CODI_TLS_UNTRUSTED', retryable: false });
    expect((error as Error).message).not.toContain(token);
  }
  await expect(connect(false)).rejects.toMatchObject({ code: 'CODI_TLS_REQUIRED' });
  const spooling = await connect(wrong, { directory });
  expect((await spooling.log(entry('kept'))).place).toBe('spool');
  await spooling.close();

  const { entries } = await owner.request('QueryLogs', {
    filter: { component: 'pinned' },
    limit: 10,
  });
  await owner.close();
  expect(entries.map(({ message }) => message).reverse()).toEqual(['0', '1', '2', '3']);
}, 60_000);
