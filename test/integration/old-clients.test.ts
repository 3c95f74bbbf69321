// Clients of the original protocol: no Hello, no token, and perhaps they never read. They find their socket where they
// look for it, or TCP on loopback, and what a Rust program writes is taken as it is.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { entryBody, frameOf } from '../support/fake-socket.ts';
import { RawClient } from '../support/raw-client.ts';

interface Vector {
  name: string;
  compact: string;
  named: string;
  json: { payload: Record<string, { message?: string; component?: string }> };
}

const vectors = JSON.parse(
  readFileSync(new URL('../fixtures/wire/rust-vectors.json', import.meta.url), 'utf8'),
) as Vector[];
const entries = vectors.filter(({ json }) => json.payload['LogEntry']);

const place = newPlace();
const legacyPath = join(place.home, 'codi-monitor.sock');
let daemon: RunningDaemon;
let owner: MonitorClient;
let port: number;

beforeAll(async () => {
  daemon = await startDaemon(place, [], {
    env: {
      CODI_MONITOR_LEGACY_SOCKET_PATH: legacyPath,
      CODI_MONITOR_MODE: 'tcp',
      CODI_MONITOR_PORT: '0',
      CODI_MONITOR_TCP_TOKEN: 'false',
      CODI_LIMITS_CONNECTION_SEND_BYTES: '64KiB',
    },
  });
  owner = await daemon.client();
  port = Number((await owner.request('Health', {})).tcp!.address.split(':')[1]);
});
afterAll(async () => {
  await owner.close();
  await daemon.stop();
  place.remove();
});

const doors: [string, (reads?: boolean) => RawClient][] = [
  ['the socket of old clients', (reads) => RawClient.unix(legacyPath, reads)],
  ['TCP without a token', (reads) => RawClient.tcp(port, reads)],
];

async function count(component: string): Promise<number> {
  const filter = { component };
  const page = await owner.request('QueryLogs', { filter, limit: 1, count: 'exact' });
  return page.total_count;
}

const prefixed = (body: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
};

test.each(doors)(
  'On %s every message gets one answer, of the original kinds.',
  async (where, dial) => {
    const session = { session_id: `s-${where}`, identity: 'ana' };
    const client = dial()
      .send('SessionStart', session)
      .send('LogEntry', { ...entryBody('a'), component: where })
      .send('QueryLogs', { filter: {}, limit: 1 })
      .send('Health', {})
      .send('StartMonitoring', { path: place.home, recursive: false, patterns: ['none'] })
      .send('StopMonitoring', { path: place.home })
      .send('SessionEnd', { session_id: session.session_id });
    const codes = await client.answers(7);
    const acknowledged = Array.from({ length: 5 }, () => 'Acknowledgment');
    expect([...codes].sort()).toEqual([...acknowledged, 'LogResults', 'Status']);
    client.socket.end();
    expect(await client.end()).toHaveLength(7);
    expect(await count(where)).toBe(1);
  },
);

test.each(doors)(
  'On %s what Rust clients write is taken, in both forms of structs.',
  async (where, dial) => {
    const before = (await owner.request('Health', {})).ledger!.entries;
    const client = dial();
    // The same id is the same message; the first door has sent these already.
    const isFirst = where === doors[0]![0];
    for (const { compact, named } of entries)
      client
        .bytes(prefixed(Buffer.from(compact, 'hex')))
        .bytes(prefixed(Buffer.from(named, 'hex')));
    const codes = await client.answers(2 * entries.length);
    expect(new Set(codes)).toEqual(new Set(['Acknowledgment']));
    expect(
      client.messages.every(
        ({ payload }) => (payload.body as { status: string }).status === 'Accepted',
      ),
    ).toBe(true);
    const after = (await owner.request('Health', {})).ledger!.entries;
    expect(after - before).toBe(
      isFirst ? new Set(entries.map((vector) => vector.named.slice(0, 60))).size : 0,
    );
    client.close();
  },
);

test.each(doors)(
  'On %s who never reads loses answers, counted, and no entry.',
  async (where, dial) => {
    const component = `deaf on ${where}`;
    const total = 3_000;
    const client = dial(false);
    // Questions whose answers are large, so that they do not fit into what the kernel keeps.
    for (let number = 0; number < total; number++) {
      client.bytes(
        frameOf('LogEntry', { ...entryBody('x'.repeat(200)), component }, crypto.randomUUID()),
      );
      if (number % 60 === 0)
        client.bytes(
          frameOf('QueryLogs', { filter: { component }, limit: 500 }, crypto.randomUUID()),
        );
    }
    await eventually(
      'all entries',
      // Its own questions may keep the readers busy.
      async () => (await count(component).catch(() => 0)) === total,
      30_000,
    );
    expect(daemon.stderr()).toMatch(/"event":"AnswersDropped"/);
    expect(client.socket.closed).toBe(false);
    client.close();
  },
  60_000,
);

test('The socket of old clients knows no Hello and nothing new; its file is private.', async () => {
  const client = RawClient.unix(legacyPath).send('Hello', { version: 1 });
  expect(await client.answers(1)).toEqual(['CODI_MESSAGE_UNEXPECTED']);
  client.send('LogBatch', { entries: [entryBody('x')] }).send('ListTokens', {});
  expect((await client.answers(3)).slice(1)).toEqual(['CODI_SCOPE_MISSING', 'CODI_SCOPE_MISSING']);
  expect(statSync(legacyPath).mode & 0o777).toBe(0o600);
  client.close();
});

test('Without a token on TCP, Hello lets read and write, and nobody becomes an administrator.', async () => {
  const client = RawClient.tcp(port).send('Hello', { version: 1 });
  expect(await client.answers(1)).toEqual(['Welcome']);
  client.send('ListSessions', { limit: 1 }).send('CreateToken', { name: 'mine' });
  expect((await client.answers(3)).slice(1).sort()).toEqual([
    'CODI_SCOPE_MISSING',
    'SessionResults',
  ]);
  client.close();
});

test('The file goes with the daemon; one that is no socket keeps the next from starting.', async () => {
  const other = newPlace();
  const path = join(other.home, 'old.sock');
  const env = { CODI_MONITOR_LEGACY_SOCKET_PATH: path };
  const first = await startDaemon(other, [], { env });
  expect(existsSync(path)).toBe(true);
  await first.kill();
  const second = await startDaemon(other, [], { env });
  await second.stop();
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, 'precious');
  await expect(startDaemon(other, [], { env })).rejects.toThrow(/no socket/);
  expect(readFileSync(path, 'utf8')).toBe('precious');
  other.remove();
});
