import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import type { MonitorClientOptions } from '#codi/client/index.js';
import { tcpTarget } from '#codi/client/targets.js';
import { CodiError } from '#codi/protocol/errors.js';
import { FakeDaemon } from '../../support/fake-daemon.ts';
import { skipUnless } from '../../support/skip.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const TOKEN = 'codi_secret';

describe('a client over TCP', () => {
  let home: string;
  let unix: FakeDaemon;
  let tcp: FakeDaemon;
  const clients: MonitorClient[] = [];

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'codi-tcp-'));
  });
  beforeEach(async () => {
    unix = await FakeDaemon.start();
    tcp = await FakeDaemon.start();
    await unix.crash();
    await tcp.crash();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await unix.stop();
    await tcp.stop();
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const connect = async (options: MonitorClientOptions) => {
    const client = await MonitorClient.connect({
      socketPath: unix.socketPath,
      retry: { attempts: 2, minMs: 1, maxMs: 10 },
      ...options,
    });
    clients.push(client);
    return client;
  };
  const entry = { level: 'Info' as const, component: 'c', message: 'm' };

  it('is tried when the Unix socket leads nowhere, with the token in Hello', async () => {
    const port = await tcp.listenTcp();
    const via: string[] = [];
    const client = await connect({
      tcp: { host: '127.0.0.1', port, token: TOKEN },
      onEvent: (event) => event.type === 'connected' && via.push(event.via),
    });
    expect((await client.log(entry)).place).toBe('ledger');
    expect(tcp.of('Hello')[0]?.body).toMatchObject({ version: 1, token: TOKEN });
    expect(via).toEqual(['tcp']);
  });

  it('is not tried where the Unix socket answers, and the token is not said there', async () => {
    await unix.listen();
    const port = await tcp.listenTcp();
    await connect({ tcp: { host: '127.0.0.1', port, token: TOKEN } });
    expect(unix.of('Hello')[0]?.body.token ?? null).toBeNull();
    expect(tcp.connectionCount).toBe(0);
  });

  it('is tried with every attempt, and before the spool', async () => {
    const port = await tcp.listenTcp();
    await tcp.crash();
    const spool = { directory: join(home, 'spool') };
    const client = await connect({ tcp: { host: '127.0.0.1', port }, spool });
    expect((await client.log(entry)).place).toBe('spool');
    await unix.listen();
    await expect.poll(() => client.mode).toBe('connected');
    expect(unix.stored).toHaveLength(1);
  });

  it('tells what the daemon said to the token, not that the socket was missing', async () => {
    const port = await tcp.listenTcp();
    tcp.script = ({ kind }) =>
      kind === 'Hello'
        ? { kind: 'Error', body: new CodiError('CODI_NOT_PERMITTED', { reason: 'token' }).toWire() }
        : undefined;
    await expect(connect({ tcp: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'CODI_NOT_PERMITTED',
    });
  });

  it('has TLS beyond loopback, unless it is switched off in so many words', () => {
    const at = (host: string, tls?: boolean) =>
      tcpTarget({ host, port: 1, ...(tls !== undefined && { tls }) }).tls;
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].map((host) => at(host))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(['10.0.0.1', 'hub.example', '127.0.0.1.example'].map((host) => at(host))).toEqual([
      {},
      {},
      {},
    ]);
    expect([at('10.0.0.1', false), at('127.0.0.1', true)]).toEqual([false, {}]);
    for (const port of [0, 65_536, 1.5]) expect(() => tcpTarget({ host: 'h', port })).toThrow();
    expect(() => tcpTarget({ host: '', port: 1 })).toThrow(/no address/);
  });

  it('takes a fingerprint with colons or without, and nothing that is none', () => {
    const at = (fingerprint: string, more = {}) =>
      tcpTarget({ host: 'h', port: 1, tls: { fingerprint, ...more } });
    const pinned = Array(32).fill('AB').join(':');
    for (const form of [pinned, pinned.toLowerCase(), 'ab'.repeat(32)])
      expect(at(form)).toMatchObject({ fingerprint: pinned, tls: { rejectUnauthorized: false } });
    const wrong = [
      '',
      'ab',
      'ab'.repeat(31),
      'ab'.repeat(33),
      `${pinned}:`,
      `x${pinned}`,
      'zz'.repeat(32),
    ];
    for (const form of wrong) expect(() => at(form), form).toThrow(/no SHA-256/);
    expect(() => at(pinned, { ca: 'PEM' })).toThrow(/not both/);
  });

  skipUnless(hasOpenssl, 'openssl is not installed')(
    'speaks to nobody whose certificate it does not know',
    async () => {
      const paths = { key: join(home, 'key.pem'), cert: join(home, 'cert.pem') };
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
          .concat(['-keyout', paths.key, '-out', paths.cert, '-days', '2', '-subj', '/CN=codi'])
          .concat(['-addext', 'subjectAltName=IP:127.0.0.1']),
        { stdio: 'ignore' },
      );
      const key = readFileSync(paths.key, 'utf8');
      const cert = readFileSync(paths.cert, 'utf8');
      const port = await tcp.listenTcp({ cert, key });
      const target = { host: '127.0.0.1', port, token: TOKEN };
      await expect(connect({ tcp: { ...target, tls: true } })).rejects.toMatchObject({
        code: 'CODI_TLS_UNTRUSTED',
      });
      const fingerprint = Array(32).fill('AB').join(':');
      await expect(connect({ tcp: { ...target, tls: { fingerprint } } })).rejects.toMatchObject({
        code: 'CODI_TLS_UNTRUSTED',
      });
      expect(tcp.requests).toEqual([]);
      const client = await connect({ tcp: { ...target, tls: { ca: cert } } });
      expect((await client.log(entry)).place).toBe('ledger');
      expect(tcp.of('Hello')[0]?.body.token).toBe(TOKEN);
    },
  );
});
