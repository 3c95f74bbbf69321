// TLS on the TCP port of a real daemon: its own certificate or one that is given, and nothing in the clear beside it.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '#codi/platform/certificate.js';
import { runInProcess } from '../support/cli-harness.ts';
import {
  MONITOR_ENTRY,
  newPlace,
  startDaemon,
  type DaemonPlace,
  type RunningDaemon,
} from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { entryBody } from '../support/fake-socket.ts';
import { RawClient } from '../support/raw-client.ts';

interface TlsDaemon {
  daemon: RunningDaemon;
  port: number;
  fingerprint: string;
  token: string;
}

const ENV = { CODI_MONITOR_PORT: '0', CODI_LIMITS_HANDSHAKE_TIMEOUT: '1s' };
const places: DaemonPlace[] = [];
const place = () => {
  const made = newPlace();
  places.push(made);
  return made;
};
const home = place();
let own: TlsDaemon;

async function start(at: DaemonPlace, env: Record<string, string>): Promise<TlsDaemon> {
  const daemon = await startDaemon(at, [], { env: { ...ENV, ...env } });
  const client = await daemon.client();
  const { tcp } = await client.request('Health', {});
  const name = `t${Date.now()}`;
  const { token } = await client.request('CreateToken', { name });
  await client.close();
  const port = Number(tcp!.address.split(':').at(-1));
  return { daemon, port, fingerprint: tcp!.fingerprint ?? '', token };
}

beforeAll(async () => {
  own = await start(home, { CODI_MONITOR_TLS: 'true' });
});
const others: RunningDaemon[] = [];
afterEach(async () => {
  for (const daemon of others.splice(0)) await daemon.stop();
});
afterAll(async () => {
  await own.daemon.stop();
  for (const made of places) made.remove();
});

const anyone = { rejectUnauthorized: false };
const fingerprintOf = (client: RawClient) =>
  (client.socket as TLSSocket).getPeerCertificate().fingerprint256;

test('A certificate is made at the first start; clients pin it, and its key is private.', async () => {
  const client = RawClient.tls(own.port, anyone).send('Hello', { version: 1, token: own.token });
  client.send('LogEntry', entryBody('over TLS'));
  expect(await client.answers(2)).toEqual(['Welcome', 'Acknowledgment']);
  expect(fingerprintOf(client)).toBe(own.fingerprint);
  expect((client.socket as TLSSocket).getProtocol()).toBe('TLSv1.3');
  client.close();
  const folder = join(home.dataDir, 'tls');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600);
  expect(own.daemon.stderr()).toContain(`"fingerprint":"${own.fingerprint}"`);
});

test('It is also trusted as an authority, by the names of this machine and no others.', async () => {
  const ca = readFileSync(join(home.dataDir, 'tls', 'cert.pem'));
  const hello = { version: 1, token: own.token };
  const good = RawClient.tls(own.port, { ca, servername: 'localhost' }).send('Hello', hello);
  expect(await good.answers(1)).toEqual(['Welcome']);
  good.close();
  const wrong = RawClient.tls(own.port, { ca, servername: 'bank.example' }).send('Hello', hello);
  expect(await wrong.end()).toEqual([]);
});

test('Who comes without TLS is told so in plain bytes, before anything he says is looked at.', async () => {
  const hello = { version: 1, token: own.token };
  const plain = RawClient.tcp(own.port).send('Hello', hello).send('LogEntry', entryBody('plain'));
  expect(await plain.end()).toEqual(['CODI_TLS_REQUIRED']);
  const http = RawClient.tcp(own.port).bytes('GET / HTTP/1.1\r\n\r\n');
  expect(await http.end()).toEqual(['CODI_TLS_REQUIRED']);
});

test('Half a handshake, a broken one and none at all end, and are counted; others are served.', async () => {
  const silent = RawClient.tcp(own.port);
  const half = RawClient.tcp(own.port).bytes(Buffer.from([0x16, 3, 1, 0, 200, 1]));
  const broken = RawClient.tcp(own.port).bytes(
    Buffer.concat([Buffer.from([0x16, 3, 1, 0, 50]), Buffer.alloc(50, 7)]),
  );
  const old = RawClient.tls(own.port, { ...anyone, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
  for (const client of [silent, half, broken, old]) await client.end();
  const client = RawClient.tls(own.port, anyone).send('Hello', { version: 1, token: own.token });
  expect(await client.answers(1)).toEqual(['Welcome']);
  client.close();
  const lines = await eventually('the count', () => {
    const text = own.daemon.stderr();
    return text.includes('"trouble":"timeout"') && text.includes('"trouble":"handshake"') && text;
  });
  expect(lines).toContain('"trouble":"plain"');
});

test('The certificate is the same after a restart.', async () => {
  await own.daemon.stop();
  const before = own.fingerprint;
  own = await start(home, { CODI_MONITOR_TLS: 'true' });
  expect(own.fingerprint).toBe(before);
});

test('Beyond loopback TLS is on by itself; `tls = false` switches it off, a token is asked for all the same.', async () => {
  const wide = await start(place(), { CODI_MONITOR_TCP_HOST: '0.0.0.0' });
  others.push(wide.daemon);
  expect(wide.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  const plain = await start(place(), {
    CODI_MONITOR_TCP_HOST: '0.0.0.0',
    CODI_MONITOR_TLS: 'false',
  });
  others.push(plain.daemon);
  expect(await RawClient.tcp(plain.port).send('Health', {}).end()).toEqual(['CODI_TOKEN_REQUIRED']);
  const { socketPath } = plain.daemon.place;
  const { out } = await runInProcess(['status'], { socketPath });
  expect(out).toContain(`0.0.0.0:${plain.port}, without TLS, with a token`);
});

test('A certificate that is given is used; one that cannot be keeps the daemon from starting.', async () => {
  const at = place();
  const { cert, key } = await makeCertificate(['localhost'], Date.now(), 1);
  const files = { cert: join(at.home, 'cert.pem'), key: join(at.home, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  const env = {
    CODI_MONITOR_TLS: '1',
    CODI_MONITOR_TLS_CERT: files.cert,
    CODI_MONITOR_TLS_KEY: files.key,
  };
  const given = await start(at, env);
  const client = RawClient.tls(given.port, { ca: cert, servername: 'localhost' });
  expect(await client.send('Hello', { version: 1, token: given.token }).answers(1)).toEqual([
    'Welcome',
  ]);
  client.close();
  await given.daemon.stop();

  chmodSync(files.key, 0o644);
  expect(refusal(at, env)).toMatch(/is open to others.*CODI_TLS_UNUSABLE/s);
  chmodSync(files.key, 0o600);
  writeFileSync(files.key, (await makeCertificate(['localhost'], Date.now(), 1)).key);
  expect(refusal(at, env)).toMatch(/CODI_TLS_UNUSABLE/);
  writeFileSync(files.cert, 'no certificate');
  expect(refusal(at, env)).toMatch(/no certificate in PEM.*CODI_TLS_UNUSABLE/s);
});

test('Without a token nobody listens beyond loopback: the daemon does not start.', () => {
  const env = { CODI_MONITOR_TCP_HOST: '0.0.0.0', CODI_MONITOR_TCP_TOKEN: 'false' };
  expect(refusal(place(), env)).toMatch(
    /would let everybody in who reaches 0\.0\.0\.0.*CODI_CONFIG/s,
  );
});

test('A port that is taken keeps the daemon from starting, and is named.', () => {
  expect(refusal(place(), { CODI_MONITOR_PORT: String(own.port) })).toMatch(
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${own.port}.*CODI_TCP_UNAVAILABLE`, 's'),
  );
});

/** What a daemon says that does not start. */
function refusal(at: DaemonPlace, env: Record<string, string>): string {
  const args = [MONITOR_ENTRY, '--data-dir', at.dataDir, '--socket', at.socketPath];
  try {
    execFileSync(process.execPath, args, {
      env: { ...process.env, CODI_HTTP_PORT: '0', ...ENV, ...env },
      stdio: 'pipe',
      timeout: 20_000,
    });
    return 'it started';
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr);
  }
}
