import { CodiError } from '#codi/protocol/errors.js';
import { describe, expect, it } from 'vitest';
import { entryBody, type FakeSocket } from '../../../support/fake-socket.ts';
import { ANYWHERE, pending, ServingWorld } from '../../../support/serving-world.ts';

const QUERY = { filter: {}, limit: 10 };
const START = { session_id: 'session', identity: 'ana' };

function lastBody(socket: FakeSocket): any {
  return socket.messages.at(-1)?.payload.body;
}

describe('Hello', () => {
  it('is answered with limits and with where the producer stands', async () => {
    const world = await ServingWorld.start({ producerSequence: async () => 41 });
    const socket = await world.connect();
    const id = await world.request(socket, 'Hello', { version: 1, producer_id: 'p' });
    expect(socket.bodies('Welcome')).toMatchObject([
      {
        request_id: id,
        version: 1,
        server: 'codi test',
        producer_sequence: 41,
        limits: { frame_bytes: 100_000, window: 16 },
      },
    ]);
  });

  it('of a producer that has sent nothing yet is answered while the ledger is away', async () => {
    const world = await ServingWorld.start({ producerSequence: () => new Promise(() => {}) });
    const socket = await world.connect();
    await world.request(socket, 'Hello', { version: 1, producer_id: 'p', new_producer: true });
    expect(socket.bodies('Welcome')).toMatchObject([{ producer_sequence: 0 }]);
    await world.request(socket, 'LogEntry', entryBody('a'));
    expect(world.ingest.taken[0]?.context).toMatchObject({ producerId: 'p' });
  });

  it('in a version nobody knows is refused', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    await world.request(socket, 'Hello', { version: 2 });
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_VERSION' }]);
  });

  it('may come twice; the last one counts', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect({ producer_id: 'one', session_id: 's' });
    await world.request(socket, 'Hello', { version: 1, producer_id: 'two' });
    await world.request(socket, 'LogEntry', entryBody('a'));
    expect(socket.kinds).toEqual(['Welcome', 'Welcome']);
    expect(world.ingest.taken[0]?.context).toMatchObject({ producerId: 'two', sessionId: 's' });
  });
});

describe('without Hello', () => {
  it('requests whose answer the original protocol lacks are refused, its own are served', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    for (const [kind, body] of Object.entries({
      ListWatches: {},
      ListSessions: { limit: 1 },
      ListFiles: { limit: 1 },
      QueryEvents: QUERY,
      QueryActs: QUERY,
      QueryGaps: QUERY,
      AuditHead: {},
      AuditVerify: { database: 'ledger' },
      AuditProve: { stream: 'log', number: 1 },
      Sync: {},
      Follow: { streams: ['logs'] },
    }))
      await world.request(socket, kind, body);
    expect(socket.kinds).toEqual(Array.from({ length: 11 }, () => 'Error'));
    expect(lastBody(socket)).toMatchObject({ code: 'CODI_MESSAGE_UNEXPECTED' });
    await world.request(socket, 'QueryLogs', QUERY);
    await world.request(socket, 'SessionStart', START);
    expect(socket.kinds.slice(11)).toEqual(['LogResults', 'Acknowledgment']);
  });
});

describe('questions', () => {
  it('are answered with their rows and where the next page begins', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect({});
    const page = async () => ({ rows: [], next: 'cursor', totalCount: 9 });
    world.ports.query = {
      logs: page,
      events: page,
      files: page,
      sessions: page,
      acts: page,
      exports: page,
      gaps: page,
      duplicates: async () => ({ ...(await page()), withChecksum: 1, withoutChecksum: 2 }),
      history: async () => ({ ...(await page()), root: '/r', otherRoots: [], head: 9, downTo: 3 }),
    };
    const kinds = [
      ['QueryLogs', QUERY, 'LogResults'],
      ['QueryEvents', QUERY, 'EventResults'],
      ['QueryActs', QUERY, 'ActResults'],
      ['QueryExports', QUERY, 'ExportResults'],
      ['QueryGaps', QUERY, 'GapResults'],
      ['ListFiles', { limit: 1 }, 'FileResults'],
      ['ListDuplicates', { limit: 1 }, 'DuplicateResults'],
      ['QueryHistory', { path: '/r/x', limit: 1 }, 'HistoryResults'],
      ['ListSessions', { limit: 1 }, 'SessionResults'],
    ] as const;
    for (const [kind, body, answer] of kinds) {
      const id = await world.request(socket, kind, body);
      expect(socket.messages.at(-1)?.payload.kind).toBe(answer);
      expect(lastBody(socket)).toMatchObject({ next: 'cursor', request_id: id });
    }
    expect(socket.bodies('LogResults')[0].total_count).toBe(9);
    await world.request(socket, 'AuditHead', {});
    await world.request(socket, 'AuditVerify', { database: 'state' });
    expect(socket.kinds.slice(-2)).toEqual(['AuditHeads', 'AuditFindings']);
    await world.request(socket, 'AuditProve', { stream: 'log', number: 1 });
    expect(lastBody(socket)).toMatchObject({ code: 'CODI_NOT_FOUND' });
    const id = await world.request(socket, 'ListWatches', {});
    expect(lastBody(socket)).toMatchObject({ watches: [], request_id: id });
    expect(world.log.names().filter((name) => name === 'RequestAnswered')).toHaveLength(14);
  });

  it('that cannot be answered now say so with an Error, commands with an Acknowledgment', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect({});
    const busy = () => Promise.reject(new CodiError('CODI_OVERLOADED', { retryMs: 70 }));
    world.ports.query.logs = busy;
    world.ports.sessions = { start: busy, end: busy, heartbeat: busy, bind: () => undefined };
    world.ports.monitoring.add = busy;
    world.ports.monitoring.remove = busy;
    const id = await world.request(socket, 'QueryLogs', QUERY);
    expect(lastBody(socket)).toMatchObject({
      code: 'CODI_OVERLOADED',
      retryable: true,
      request_id: id,
    });
    const commands = {
      SessionStart: START,
      SessionEnd: { session_id: 'session' },
      StartMonitoring: { path: '/desk', recursive: true, patterns: [] },
      StopMonitoring: { path: '/desk' },
      SessionHeartbeat: { session_id: 'session' },
    };
    for (const [kind, body] of Object.entries(commands)) {
      await world.request(socket, kind, body);
      expect(lastBody(socket)).toMatchObject({ code: 'CODI_OVERLOADED', retry_after_ms: 70 });
    }
  });
});

describe('a session', () => {
  it('stands on everything its connection sends from the request on, until it ends', async () => {
    const started = pending<void>();
    const world = await ServingWorld.start();
    world.ports.sessions.start = () => started.promise;
    const socket = await world.connect({ session_id: 'hello' });
    socket.send('SessionStart', START);
    socket.send('LogEntry', entryBody('meanwhile'));
    started.resolve();
    await world.settle();
    await world.request(socket, 'SessionEnd', { session_id: 'session' });
    socket.send('LogEntry', entryBody('after'));
    expect(world.ingest.taken.map(({ context }) => context.sessionId)).toEqual(['session', null]);
  });

  it('that could not start no longer stands on what follows', async () => {
    const world = await ServingWorld.start();
    world.ports.sessions.start = () =>
      Promise.reject(new CodiError('CODI_SESSION_ENDED', { sessionId: 'session' }));
    const socket = await world.connect({ session_id: 'hello' });
    await world.request(socket, 'SessionStart', START);
    socket.send('LogEntry', entryBody('after'));
    expect(world.ingest.taken[0]?.context.sessionId).toBe('hello');
  });

  it('that fails late does not take away the one that came after it', async () => {
    const first = pending<void>();
    const world = await ServingWorld.start();
    world.ports.sessions.start = (body) =>
      body.session_id === 'first' ? first.promise : Promise.resolve();
    const socket = await world.connect({});
    await world.request(socket, 'SessionStart', { ...START, session_id: 'first' });
    await world.request(socket, 'SessionStart', { ...START, session_id: 'second' });
    first.reject(new CodiError('CODI_SESSION_ENDED', { sessionId: 'first' }));
    await world.settle();
    socket.send('LogEntry', entryBody('after'));
    expect(world.ingest.taken[0]?.context.sessionId).toBe('second');
  });

  it('is alive while a connection speaks for it, and its end by another one names who that was', async () => {
    const world = await ServingWorld.start();
    const bound: (string | null)[] = [];
    const ended: unknown[] = [];
    world.ports.sessions.bind = (_connection, sessionId) => void bound.push(sessionId);
    world.ports.sessions.end = async (request) => void ended.push(request);
    const socket = await world.connect({ session_id: 'hello' });
    await world.request(socket, 'SessionStart', START);
    await world.request(socket, 'SessionEnd', { session_id: 'session', exit_code: 3 });
    await world.request(socket, 'SessionEnd', { session_id: 'other' });
    socket.destroy();
    await world.settle();
    expect(bound).toEqual(['hello', 'session', null, null]);
    expect(ended).toEqual([
      { sessionId: 'session', end: { by: 'client', exitCode: 3, exitSignal: null } },
      {
        sessionId: 'other',
        end: { by: 'client', exitCode: null, exitSignal: null },
        who: expect.stringContaining('unix socket'),
      },
    ]);
  });

  it('of another connection ends without a change to this one', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect({ session_id: 'mine' });
    await world.request(socket, 'SessionEnd', { session_id: 'other' });
    socket.send('LogEntry', entryBody('after'));
    expect(world.ingest.taken[0]?.context.sessionId).toBe('mine');
  });
});

describe('watching', () => {
  it('is asked for and given up by path', async () => {
    const world = await ServingWorld.start();
    const asked: unknown[] = [];
    world.ports.monitoring.add = async (request) => void asked.push(request);
    world.ports.monitoring.remove = async (path) => void asked.push(path);
    const socket = await world.connect();
    const body = { path: '/desk', recursive: true, patterns: ['*.ts'] };
    const id = await world.request(socket, 'StartMonitoring', body);
    await world.request(socket, 'StopMonitoring', { path: '/desk' });
    expect(asked).toEqual([{ ...body, path: ANYWHERE, isPolled: false }, ANYWHERE]);
    expect(socket.bodies('Acknowledgment')[0]).toMatchObject({
      request_id: id,
      status: 'Accepted',
    });
  });

  it('is synchronised within the time the client gives, and counts what was recorded', async () => {
    const world = await ServingWorld.start();
    let timeout = 0;
    world.ports.monitoring.sync = async (_paths, timeoutMs) => {
      timeout = timeoutMs;
      world.feed.commit(0, 3);
      return { roots: 2 };
    };
    const socket = await world.connect({});
    await world.request(socket, 'Sync', { paths: ['/desk'], timeout_ms: 5 });
    expect(lastBody(socket)).toMatchObject({ roots: 2, events: 3, duration_ms: 0 });
    expect(timeout).toBe(5);
    await world.request(socket, 'Sync', {});
    expect(timeout).toBe(60_000);
  });
});
