import { beforeEach, describe, expect, it } from 'vitest';
import { NO_TOKEN, ORIGINAL_ONLY, type Door, type Peer } from '#codi/actors/serving/door.js';
import type { RequestKind } from '#codi/protocol/kinds.js';
import { REQUEST_KINDS } from '#codi/protocol/kinds.js';
import { MESSAGES } from '#codi/protocol/messages.js';
import { SCOPE_OF, type Scope } from '#codi/protocol/scopes.js';
import { entryBody, type FakeSocket, frameOf } from '../../../support/fake-socket.ts';
import { ServingWorld } from '../../../support/serving-world.ts';

const TCP: Door = { name: 'tcp', takesHello: true };
const OPEN_TCP: Door = { name: 'tcp', takesHello: true, grant: NO_TOKEN };
const LEGACY: Door = { name: 'legacy', takesHello: false, grant: ORIGINAL_ONLY };
const PEER: Peer = { transport: 'tcp', address: '10.0.0.7', port: 5 };

/** A body that the schema of each kind takes. */
const BODIES: Record<RequestKind, object> = {
  Hello: { version: 1 },
  Health: {},
  LogEntry: entryBody('x'),
  LogBatch: { entries: [entryBody('x')] },
  SessionStart: { session_id: 's', identity: 'ana' },
  SessionEnd: { session_id: 's' },
  SessionHeartbeat: { session_id: 's' },
  StartMonitoring: { path: '/x', recursive: true, patterns: [] },
  StopMonitoring: { path: '/x' },
  QueryLogs: { filter: {}, limit: 1 },
  QueryEvents: { filter: {}, limit: 1 },
  QueryActs: { filter: {}, limit: 1 },
  QueryGaps: { filter: {}, limit: 1 },
  ListFiles: { limit: 1 },
  ListDuplicates: { limit: 1 },
  QueryHistory: { path: '/x', limit: 1 },
  ListWatches: {},
  ListSessions: { limit: 1 },
  Follow: { streams: ['logs'] },
  Unfollow: { request_id: '018f4c1e-7b2a-7c3d-9e4f-0123456789ab' },
  Sync: {},
  AuditHead: {},
  AuditProve: { stream: 'log', number: 1 },
  AuditVerify: { database: 'ledger' },
  StoreStats: {},
  CompactStore: {},
  BackUpStore: { directory: '/b' },
  CreateToken: { name: 'x' },
  ListTokens: {},
  RevokeToken: { name: 'x' },
  QueryExports: { filter: {}, limit: 1 },
  CaptureExport: { path: '/x' },
};

let world: ServingWorld;
beforeEach(async () => {
  world = await ServingWorld.start();
  for (const name of ['read', 'write', 'admin'] as Scope[])
    world.tokens.valid.set(name, { id: `id-${name}`, name, scopes: [name] });
});

const codes = (socket: FakeSocket) =>
  socket.messages.map(({ payload }) => ('code' in payload.body ? payload.body.code : payload.kind));

describe('Where a token is asked for', () => {
  for (const kind of REQUEST_KINDS.filter((kind) => kind !== 'Hello')) {
    it(`${kind} gets no answer before it but the error, and ends the connection`, async () => {
      const socket = await world.connect(undefined, TCP, PEER);
      await world.request(socket, kind, BODIES[kind]);
      expect(codes(socket)).toEqual(['CODI_TOKEN_REQUIRED']);
      expect([socket.isClosed, world.ingest.taken.length]).toEqual([true, 0]);
    });
  }

  it('a Hello without one, or with a wrong one, is refused with its id; nothing behind it is taken', async () => {
    for (const [token, code] of [
      [undefined, 'CODI_TOKEN_REQUIRED'],
      ['wrong', 'CODI_TOKEN_INVALID'],
    ]) {
      const socket = await world.connect(undefined, TCP, PEER);
      const id = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';
      socket.bytes(
        Buffer.concat([
          frameOf('Hello', { version: 1, token }, id),
          frameOf('LogEntry', entryBody('x')),
        ]),
      );
      await world.settle();
      expect(socket.bodies('Error')).toMatchObject([{ code, request_id: id }]);
      expect([codes(socket).length, socket.isClosed]).toEqual([1, true]);
    }
    expect(world.ingest.taken).toEqual([]);
    expect(world.log.names()).toContain('TokenRefused');
  });

  it('messages may follow a good one in the same breath, in both formats', async () => {
    for (const format of ['msgpack', 'json'] as const) {
      const socket = await world.connect(undefined, TCP, PEER);
      const hello = frameOf('Hello', { version: 1, token: 'write' }, undefined, format);
      socket.bytes(Buffer.concat([hello, frameOf('LogEntry', entryBody('x'), undefined, format)]));
      await world.settle();
      expect(socket.isClosed).toBe(false);
    }
    expect(world.ingest.taken).toHaveLength(2);
  });

  it('who says nothing, or half of a Hello, has so long', async () => {
    const silent = await world.connect(undefined, TCP, PEER);
    const slow = await world.connect(undefined, TCP, PEER);
    slow.bytes(frameOf('Hello', { version: 1, token: 'read' }).subarray(0, 20));
    const proven = await world.connect({ token: 'read' }, TCP, PEER);
    await world.actors.advance(1_999);
    expect([silent.isClosed, slow.isClosed]).toEqual([false, false]);
    await world.actors.advance(2);
    expect([codes(silent), silent.isClosed, slow.isClosed]).toEqual([
      ['CODI_HELLO_TIMEOUT'],
      true,
      true,
    ]);
    await world.actors.advance(60_000);
    expect(proven.isClosed).toBe(false);
  });

  it('no room is given to a large frame of a stranger', async () => {
    const socket = await world.connect(undefined, TCP, PEER);
    const entry = frameOf('LogEntry', entryBody('x'.repeat(90_000)));
    socket.bytes(entry.subarray(0, 16_000));
    await world.settle();
    expect(socket.isClosed).toBe(false);
    socket.bytes(entry.subarray(16_000, 17_000));
    await world.settle();
    expect([codes(socket), socket.isClosed]).toEqual([['CODI_TOKEN_REQUIRED'], true]);
  });

  it('the connection ends with its token, after what it is owed', async () => {
    const socket = await world.connect({ token: 'write' }, TCP, PEER);
    await world.request(socket, 'LogEntry', entryBody('x'));
    world.tokens.end('id-write');
    await world.settle();
    expect([codes(socket), socket.isClosed]).toEqual([['Welcome'], false]);
    await world.answer(1, 1);
    expect(codes(socket)).toContain('CODI_TOKEN_INVALID');
    expect([socket.isClosed, world.tokens.watchers('id-write')]).toEqual([true, 0]);
  });

  it('another Hello may bring another token, and the first one counts no more', async () => {
    const socket = await world.connect({ token: 'write' }, TCP, PEER);
    await world.request(socket, 'Hello', { version: 1, token: 'read' });
    await world.request(socket, 'LogEntry', entryBody('x'));
    expect(socket.bodies('Acknowledgment')).toMatchObject([{ code: 'CODI_SCOPE_MISSING' }]);
    expect([world.tokens.watchers('id-write'), world.tokens.watchers('id-read')]).toEqual([0, 1]);
  });
});

describe('A scope', () => {
  for (const kind of REQUEST_KINDS) {
    it(`is asked for ${kind} as the table says`, async () => {
      for (const scope of ['read', 'write', 'admin'] as const) {
        const socket = await world.connect({ token: scope }, TCP, PEER);
        const before = world.ingest.taken.length;
        await world.request(
          socket,
          kind,
          kind === 'Hello' ? { version: 1, token: scope } : BODIES[kind],
        );
        const needed = SCOPE_OF[kind];
        const isAllowed = needed === null || needed === scope || scope === 'admin';
        expect(codes(socket).includes('CODI_SCOPE_MISSING'), scope).toBe(!isAllowed);
        const isEntry = kind === 'LogEntry' || kind === 'LogBatch';
        expect(world.ingest.taken.length - before).toBe(isEntry && isAllowed ? 1 : 0);
        expect(socket.isClosed).toBe(false);
      }
    });
  }

  it('covers every kind of message there is', () => {
    expect(Object.keys(BODIES).sort()).toEqual([...REQUEST_KINDS].sort());
    for (const kind of REQUEST_KINDS)
      expect(MESSAGES[kind].safeParse(BODIES[kind]).success).toBe(true);
  });
});

describe('Without a token', () => {
  it('the socket of old clients takes the original messages, and neither Hello nor anything else', async () => {
    const original = [
      'LogEntry',
      'StartMonitoring',
      'StopMonitoring',
      'SessionStart',
      'SessionEnd',
    ];
    for (const kind of REQUEST_KINDS) {
      const socket = await world.connect(undefined, LEGACY);
      await world.request(socket, kind, BODIES[kind]);
      const refused = socket.bodies('Error').map((error) => error.code);
      if ([...original, 'QueryLogs', 'Health'].includes(kind)) expect(refused, kind).toEqual([]);
      else if (kind === 'Hello') expect(refused).toEqual(['CODI_MESSAGE_UNEXPECTED']);
      else if (!['LogBatch', 'SessionHeartbeat'].includes(kind))
        expect(refused, kind).toEqual(['CODI_SCOPE_MISSING']);
      expect(socket.isClosed).toBe(false);
    }
    expect(world.ingest.taken).toHaveLength(1);
  });

  it('TCP that asks for none lets read and write after Hello, and old clients do what they did', async () => {
    const socket = await world.connect({}, OPEN_TCP, PEER);
    for (const kind of [
      'LogBatch',
      'ListSessions',
      'StartMonitoring',
      'CreateToken',
      'BackUpStore',
    ] as const)
      await world.request(socket, kind, BODIES[kind]);
    expect(codes(socket)).toEqual([
      'Welcome',
      'SessionResults',
      'Acknowledgment',
      'CODI_SCOPE_MISSING',
      'CODI_SCOPE_MISSING',
    ]);
    const wrong = await world.connect({ token: 'wrong' }, OPEN_TCP, PEER);
    expect([codes(wrong), wrong.isClosed]).toEqual([['CODI_TOKEN_INVALID'], true]);
  });
});

describe('What is done to the daemon', () => {
  it('is an act, with who did it and from where', async () => {
    const peers: [Door | undefined, Peer, object][] = [
      [TCP, PEER, { token: 'admin' }],
      [undefined, { transport: 'unix', user: { uid: 7, gid: 8, pid: 9 } }, {}],
      [undefined, { transport: 'unix' }, {}],
    ];
    for (const [door, peer, hello] of peers) {
      const socket = await world.connect(hello, door, peer);
      for (const kind of ['StartMonitoring', 'StopMonitoring', 'CompactStore'] as const)
        await world.request(socket, kind, BODIES[kind]);
    }
    expect(world.acts.map(({ kind }) => kind).slice(0, 3)).toEqual([
      'watch.add',
      'watch.remove',
      'store.compact',
    ]);
    expect([...new Set(world.acts.map(({ actor }) => actor))]).toEqual([
      'token admin (id-admin), tcp 10.0.0.7:5',
      'unix socket, uid 7, pid 9',
      'unix socket, user unknown',
    ]);
  });

  it('and the tree shows whose each connection is', async () => {
    await world.connect({ token: 'admin' }, TCP, PEER);
    await world.connect(undefined, undefined, {
      transport: 'unix',
      user: { uid: 7, gid: 8, pid: 9 },
    });
    const notes = world.actors.node('connections')!.children.map(({ note }) => note);
    expect(notes).toEqual(['token admin (id-admin), tcp 10.0.0.7:5', 'unix socket, uid 7, pid 9']);
  });
});
