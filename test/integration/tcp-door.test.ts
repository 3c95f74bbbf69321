// The TCP port of a real daemon: who has a token comes in and may do what the token says, nobody else does anything.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { entryBody } from '../support/fake-socket.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';

const place = newPlace();
let daemon: RunningDaemon;
let owner: MonitorClient;
let port: number;

beforeAll(async () => {
  daemon = await startDaemon(place, [], {
    env: {
      CODI_MONITOR_MODE: 'tcp',
      CODI_MONITOR_PORT: '0',
      CODI_LIMITS_HANDSHAKE_TIMEOUT: '1s',
    },
  });
  owner = await daemon.client();
  const { tcp } = await owner.request('Health', {});
  expect(tcp).toMatchObject({ tls: false, token: true });
  port = Number(tcp!.address.split(':')[1]);
});
afterAll(async () => {
  await owner.close();
  await daemon.stop();
  place.remove();
});

let names = 0;
async function newToken(more: object = {}) {
  const name = `t${++names}`;
  return owner.request('CreateToken', { name, ...more });
}

function greeted(token: string): RawClient {
  return RawClient.tcp(port).send('Hello', { version: 1, token });
}

async function stored(component: string): Promise<number> {
  const filter = { component };
  const page = await owner.request('QueryLogs', { filter, limit: 1, count: 'exact' });
  return page.total_count;
}

test('A token that is good lets in, in both formats, and entries are in the ledger.', async () => {
  const { token, name, id } = await newToken();
  const packed = greeted(token).send('LogEntry', { ...entryBody('a'), component: 'good' });
  expect(await packed.answers(2)).toEqual(['Welcome', 'Acknowledgment']);
  const lines = RawClient.tcp(port).bytes(
    `{"Hello":{"version":1,"token":"${token}"}}\n{"LogEntry":{"level":"Info","component":"good","message":"b"}}\n`,
  );
  expect(await lines.answers(2)).toEqual(['Welcome', 'Acknowledgment']);
  expect(await stored('good')).toBe(2);
  const { tokens } = await owner.request('ListTokens', {});
  expect(tokens.find((row) => row.id === id)).toMatchObject({ name, last_used_from: '127.0.0.1' });
  packed.close();
  lines.close();
});

test('No token, a wrong one and a wrong first message end the connection with their error.', async () => {
  const { token } = await newToken();
  const other = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
  expect(await RawClient.tcp(port).send('Hello', { version: 1 }).end()).toEqual([
    'CODI_TOKEN_REQUIRED',
  ]);
  expect(await greeted(other).end()).toEqual(['CODI_TOKEN_INVALID']);
  const entry = { ...entryBody('x'), component: 'stranger' };
  expect(await RawClient.tcp(port).send('LogEntry', entry).end()).toEqual(['CODI_TOKEN_REQUIRED']);
  const line = '{"LogEntry":{"level":"Info","component":"stranger","message":"x"}}\n';
  expect(await RawClient.tcp(port).bytes(line).end()).toEqual(['CODI_TOKEN_REQUIRED']);
  expect(await stored('stranger')).toBe(0);
});

test('A scope that is missing is said, nothing is done, and the connection goes on.', async () => {
  const { token } = await newToken({ scopes: ['read'] });
  const client = greeted(token)
    .send('LogEntry', { ...entryBody('x'), component: 'reader' })
    .send('CreateToken', { name: 'mine' })
    .send('ListWatches', {});
  const codes = await client.answers(4);
  const [refused, also] = ['CODI_SCOPE_MISSING', 'CODI_SCOPE_MISSING'];
  expect([...codes].sort()).toEqual([refused, also, 'WatchResults', 'Welcome']);
  expect(await stored('reader')).toBe(0);
  client.close();
});

test('A token that expires ends its connection, and lets nobody in afterwards.', async () => {
  const { token } = await newToken({ expires_at: new Date(Date.now() + 1_500).toISOString() });
  const client = greeted(token);
  expect(await client.answers(1)).toEqual(['Welcome']);
  expect(await client.end()).toEqual(['Welcome', 'CODI_TOKEN_INVALID']);
  expect(await greeted(token).end()).toEqual(['CODI_TOKEN_INVALID']);
});

test('A token that is revoked ends its connections at once, and no others.', async () => {
  const [gone, kept] = [await newToken(), await newToken()];
  const clients = [greeted(gone.token), greeted(gone.token), greeted(kept.token)];
  for (const client of clients) await client.answers(1);
  const { closed } = await owner.request('RevokeToken', { name: gone.name });
  expect(closed).toBe(2);
  expect(await clients[0]!.end()).toEqual(['Welcome', 'CODI_TOKEN_INVALID']);
  expect(await clients[1]!.end()).toEqual(['Welcome', 'CODI_TOKEN_INVALID']);
  expect(await greeted(gone.token).end()).toEqual(['CODI_TOKEN_INVALID']);
  expect(await clients[2]!.send('Health', {}).answers(2)).toEqual(['Welcome', 'Status']);
  clients[2]!.close();
});

test('A token is rotated without a gap: both are good for a while, and then the new one is.', async () => {
  const first = await newToken();
  const client = greeted(first.token);
  await client.answers(1);
  const body = { name: first.name, rotates: true, overlap_ms: 1_000 };
  const second = await owner.request('CreateToken', body);
  const old = greeted(first.token);
  expect([await old.answers(1), await greeted(second.token).answers(1)]).toEqual([
    ['Welcome'],
    ['Welcome'],
  ]);
  expect(await client.end()).toEqual(['Welcome', 'CODI_TOKEN_INVALID']);
  expect(await old.end()).toEqual(['Welcome', 'CODI_TOKEN_INVALID']);
  const next = greeted(second.token);
  expect(await next.answers(1)).toEqual(['Welcome']);
  next.close();
});

test('An administrator may come over TCP, and what he does is in the ledger with his token and address.', async () => {
  const { token, name, id } = await newToken({ scopes: ['admin'] });
  const client = greeted(token).send('CreateToken', { name: 'from-afar' });
  expect(await client.answers(2)).toEqual(['Welcome', 'TokenCreated']);
  const act = await eventually('the act', async () => {
    const filter = { kind: 'token.create', subject: 'from-afar' };
    return (await owner.request('QueryActs', { filter, limit: 1 })).acts[0];
  });
  expect(act.actor).toMatch(new RegExp(`^token ${name} \\(${id}\\), tcp 127\\.0\\.0\\.1:\\d+$`));
  client.close();
});

test('HTTP, TLS and a Hello that never ends are told what they are and closed.', async () => {
  const http = RawClient.tcp(port).bytes('POST /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await http.end()).toEqual(['CODI_FRAME_HTTP']);
  const tls = RawClient.tcp(port).bytes(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  expect(await tls.end()).toEqual(['CODI_FRAME_TLS']);
  expect(await RawClient.tcp(port).end()).toEqual(['CODI_HELLO_TIMEOUT']);
  const half = RawClient.tcp(port).bytes(Buffer.from([90, 0, 0, 0, 0x93]));
  expect((await half.end())[0]).toMatch(/CODI_(HELLO|HANDSHAKE)_TIMEOUT/);
});

test('Whatever bytes come, the sender is closed, nothing of it is stored, and others are served.', async () => {
  const seed = newSeed();
  const random = seededRandom(seed);
  const before = (await owner.request('Health', {})).ledger!.entries;
  const garbage = Array.from({ length: 200 }, () => {
    const bytes = Buffer.alloc(1 + Math.floor(random() * 4_096));
    for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(random() * 256);
    return RawClient.tcp(port).bytes(bytes);
  });
  const { token } = await newToken();
  const client = greeted(token).send('LogEntry', entryBody('calm'));
  expect(await client.answers(2)).toEqual(['Welcome', 'Acknowledgment']);
  for (const stranger of garbage) {
    const codes = await stranger.end();
    expect(codes, `seed ${seed}`).toHaveLength(1);
    expect(codes[0], `seed ${seed}`).toMatch(/^CODI_(FRAME|TOKEN|HELLO|HANDSHAKE)_/);
  }
  expect((await owner.request('Health', {})).ledger!.entries).toBe(before + 1);
  client.close();
});

test('1,000 clients are connected at once, each is served, and one more on the Unix socket too.', async () => {
  const { token } = await newToken();
  const entry = { ...entryBody('one of many'), component: 'crowd' };
  const clients = Array.from({ length: 1_000 }, () => greeted(token).send('LogEntry', entry));
  for (const client of clients)
    expect(await client.answers(2, 40_000)).toEqual(['Welcome', 'Acknowledgment']);
  const { clients: connected } = await owner.request('Health', {});
  expect(connected!.connected).toBeGreaterThanOrEqual(1_001);
  expect(await stored('crowd')).toBe(1_000);
  const another = await daemon.client();
  await another.close();
  for (const client of clients) client.close();
}, 60_000);

test('Strangers who say nothing cannot keep out those who have a token, or the Unix socket.', async () => {
  const small = newPlace();
  const env = { CODI_MONITOR_PORT: '0', CODI_LIMITS_CONNECTIONS: '20' };
  const other = await startDaemon(small, [], {
    env: { ...env, CODI_LIMITS_HANDSHAKE_TIMEOUT: '1m' },
  });
  const client = await other.client();
  const { token } = await client.request('CreateToken', { name: 't' });
  const { tcp } = await client.request('Health', {});
  const door = Number(tcp!.address.split(':')[1]);
  const strangers = Array.from({ length: 40 }, () => RawClient.tcp(door));
  // The first 21 had to make room.
  for (const stranger of strangers.slice(0, 21))
    expect(await stranger.end()).toEqual(['CODI_TOO_MANY_CONNECTIONS']);
  const guest = RawClient.tcp(door).send('Hello', { version: 1, token }).send('Health', {});
  expect((await guest.answers(2)).sort()).toEqual(['Status', 'Welcome']);
  const another = await other.client();
  await another.close();
  for (const socket of [...strangers, guest]) socket.close();
  await client.close();
  await other.stop();
  small.remove();
});
