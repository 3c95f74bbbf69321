import { encodeFrame } from '#codi/protocol/frame.js';
import { describe, expect, it } from 'vitest';
import { entryBody, frameOf } from '../../../support/fake-socket.ts';
import { pending, ServingWorld, UNIX } from '../../../support/serving-world.ts';

const GARBAGE = encodeFrame(Buffer.from([0xc1, 0xc1, 0xc1]));
const QUERY = { filter: {}, limit: 10 };

describe('entries', () => {
  it('go to the ledger undecoded, under the context they were sent in', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    const before = frameOf('LogEntry', entryBody('before'));
    const hello = frameOf('Hello', { version: 1, producer_id: 'p', session_id: 's' });
    const after = frameOf('LogBatch', { entries: [entryBody('after')], first_sequence: 1 });
    socket.bytes(Buffer.concat([before, hello, after]));
    expect(world.ingest.taken.map(({ body }) => body)).toEqual([
      before.subarray(4),
      after.subarray(4),
    ]);
    expect(world.ingest.taken.map(({ context }) => context)).toMatchObject([
      { connection: 1, producerId: null, sessionId: null, hasHello: false },
      { connection: 1, producerId: 'p', sessionId: 's', hasHello: true },
    ]);
  });

  it('of a JSON client are marked as such', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    socket.bytes(frameOf('LogEntry', entryBody('a'), undefined, 'json'));
    expect(world.ingest.taken[0]?.context.format).toBe('json');
  });

  it('that find no room are rejected at once with the advice when to come again', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    world.ingest.isFull = true;
    const id = await world.request(socket, 'LogEntry', entryBody('a'));
    expect(socket.bodies('Acknowledgment')).toMatchObject([
      { request_id: id, code: 'CODI_OVERLOADED', retry_after_ms: 250 },
    ]);
    expect(world.log.names()).toContain('EntriesRejected');
  });

  it('that find no room and are no message at all get an error', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    world.ingest.isFull = true;
    const body = frameOf('LogEntry', entryBody('a')).subarray(4);
    // The kind can still be told, the rest is cut off.
    socket.bytes(encodeFrame(body.subarray(0, -5)));
    await world.settle();
    expect(socket.kinds).toEqual(['Error']);
  });

  it('that come faster than the rate are taken, and then the client is read more slowly', async () => {
    const world = await ServingWorld.start();
    world.ports.limits.messagesPerSecond = 10;
    const socket = await world.connect();
    const entry = frameOf('LogEntry', entryBody('a'));
    socket.bytes(Buffer.concat(Array.from({ length: 10 }, () => entry)));
    expect(socket.isPaused).toBe(false);
    socket.bytes(Buffer.concat(Array.from({ length: 5 }, () => entry)));
    expect([socket.isPaused, world.ingest.taken.length]).toEqual([true, 15]);
    world.ingest.isPressing = true;
    socket.bytes(Buffer.concat([entry, entry.subarray(0, 9)]));
    await world.actors.advance(100_000);
    expect(socket.isPaused, 'memory still runs short').toBe(true);
    world.ingest.drain();
    expect(socket.isPaused).toBe(false);
    expect(socket.kinds, 'nobody waited for the half frame meanwhile').toEqual([]);
    await world.actors.advance(100_000);
    await world.answer(1, world.ingest.taken.length);
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_HANDSHAKE_TIMEOUT' }]);
  });

  it('make the client wait while memory runs short', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    world.ingest.isPressing = true;
    await world.request(socket, 'LogEntry', entryBody('a'));
    await world.request(socket, 'LogEntry', entryBody('b'));
    expect(socket.isPaused).toBe(true);
    world.ingest.drain();
    expect(socket.isPaused).toBe(false);
    world.ingest.isPressing = true;
    await world.request(socket, 'LogEntry', entryBody('c'));
    expect(socket.isPaused).toBe(true);
  });
});

describe('entries of one client', () => {
  it('that wait in too great a number keep it from being read, until some are taken or a second is over', async () => {
    const world = await ServingWorld.start();
    const [socket, other] = [await world.connect(), await world.connect()];
    world.ingest.crowded.add(1);
    for (const one of [socket, other]) await world.request(one, 'LogEntry', entryBody('a'));
    expect([socket.isPaused, other.isPaused]).toEqual([true, false]);
    await world.actors.advance(1_001);
    expect(socket.isPaused).toBe(false);
    await world.request(socket, 'LogEntry', entryBody('b'));
    expect(socket.isPaused).toBe(true);
    world.ingest.drain();
    expect(socket.isPaused).toBe(false);
    await world.actors.advance(2_000);
    await world.request(socket, 'LogEntry', entryBody('c'));
    expect(socket.isPaused).toBe(false);
  });
});

describe('the end', () => {
  it('of a peer that sent its last byte comes when its last answer is out', async () => {
    const logs = pending<{ rows: [] }>();
    const world = await ServingWorld.start();
    world.ports.query.logs = () => logs.promise;
    const socket = await world.connect();
    await world.request(socket, 'LogEntry', entryBody('a'));
    await world.request(socket, 'QueryLogs', QUERY);
    socket.peerEnd();
    await world.settle();
    expect(socket.isEnded).toBe(false);
    await world.answer(1, 1);
    expect(socket.isEnded).toBe(false);
    logs.resolve({ rows: [] });
    await world.settle();
    expect([socket.kinds, socket.isEnded, world.clients]).toEqual([['LogResults'], true, 0]);
  });

  it('inside of a frame is told', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    socket.bytes(Buffer.from([9, 0, 0, 0, 1]));
    socket.peerEnd();
    await world.settle();
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_FRAME_TRUNCATED' }]);
    expect(world.clients).toBe(0);
  });

  it('of the socket ends the actor also while requests run, and their answers go nowhere', async () => {
    const logs = pending<{ rows: [] }>();
    const world = await ServingWorld.start();
    world.ports.query.logs = () => logs.promise;
    const socket = await world.connect();
    await world.request(socket, 'QueryLogs', QUERY);
    socket.destroy();
    await world.settle();
    logs.resolve({ rows: [] });
    await world.settle();
    expect([world.clients, world.deliverers.size, socket.kinds]).toEqual([0, 0, []]);
    expect(world.actors.exits('connections/client-1')).toEqual(['normal']);
    expect(world.log.names().at(-1)).toBe('ConnectionClosed');
  });

  it('of the daemon answers what was asked and takes nothing new', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect({});
    await world.request(socket, 'LogEntry', entryBody('a'));
    const stopping = world.actors.system.stop();
    await world.settle();
    await world.request(socket, 'LogEntry', entryBody('late'));
    expect([world.ingest.taken.length, socket.isEnded]).toEqual([1, false]);
    await world.answer(1, 1);
    await expect(stopping).resolves.toMatchObject({ unstopped: [] });
    expect(socket.isEnded).toBe(true);
  });

  it('of an actor that is killed closes its socket', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    await world.actors.kill('connections/client-1');
    expect([socket.isDestroyed, world.clients]).toEqual([true, 0]);
  });

  it('comes at once for a socket that closed before its actor started', async () => {
    const world = await ServingWorld.start();
    const { FakeSocket } = await import('../../../support/fake-socket.ts');
    const { connectionSpec } = await import('#codi/actors/serving/connection.actor.js');
    const socket = new FakeSocket(world.actors.environment.clock);
    socket.destroy();
    const spec = connectionSpec(9, socket, world.ports, UNIX);
    await world.actors.during(world.actors.system.startChild('connections', spec));
    expect(world.clients).toBe(0);
  });
});

describe('a peer that breaks the protocol', () => {
  it('gets what it is owed, the reason once, and is closed; nothing behind it is taken', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    const entry = frameOf('LogEntry', entryBody('before'));
    const behind = frameOf('LogEntry', entryBody('behind'));
    socket.bytes(Buffer.concat([entry, GARBAGE, GARBAGE, behind]));
    socket.bytes(behind);
    await world.settle();
    expect(world.ingest.taken).toHaveLength(1);
    expect([socket.kinds, socket.isEnded]).toEqual([[], false]);
    await world.answer(1, 1);
    expect(socket.bodies('Error')).toHaveLength(1);
    expect([socket.isEnded, world.clients]).toEqual([true, 0]);
    expect(world.log.events).toContainEqual({ name: 'FrameRejected', code: 'CODI_FRAME_INVALID' });
  });

  it('as the ledger finds, is closed after its answers', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    await world.request(socket, 'LogEntry', entryBody('a'));
    await world.answer(1, 1, 'CODI_FRAME_INVALID');
    expect([socket.isEnded, world.clients]).toEqual([true, 0]);
  });

  it('with a frame that is too large is told the limit', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    socket.bytes(Buffer.from([0, 0, 0, 2]));
    await world.settle();
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_FRAME_TOO_LARGE' }]);
  });

  it('only by sending an answer is told and may go on', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    await world.request(socket, 'LogResults', { entries: [], total_count: 0 });
    await world.request(socket, 'Health', {});
    expect(socket.kinds).toEqual(['Error', 'Status']);
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_MESSAGE_UNEXPECTED' }]);
  });

  it('only by a body that does not fit its kind is told and may go on', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    const id = await world.request(socket, 'QueryLogs', { filter: {}, limit: 0 });
    await world.request(socket, 'Health', {});
    expect(socket.bodies('Error')).toMatchObject([
      { code: 'CODI_MESSAGE_INVALID', request_id: id },
    ]);
    expect(socket.kinds).toEqual(['Error', 'Status']);
  });
});

describe('a peer that does not read', () => {
  it('loses answers, counted, when it is an old client', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect();
    socket.isBlocked = true;
    for (let count = 0; count < 100; count++) socket.send('Health', {});
    await world.settle();
    expect(socket.isDestroyed).toBe(false);
    expect(socket.queuedBytes).toBeLessThanOrEqual(4_000);
    const dropped = world.log.events.filter(({ name }) => name === 'AnswersDropped').length;
    socket.drain();
    expect(socket.kinds.length + dropped).toBe(100);
    socket.peerEnd();
    await world.settle();
    expect(world.clients).toBe(0);
  });

  it('is cut off when it said Hello', async () => {
    const world = await ServingWorld.start();
    const socket = await world.connect({});
    socket.isBlocked = true;
    for (let count = 0; count < 100; count++) socket.send('Health', {});
    await world.settle();
    expect([socket.isDestroyed, world.clients]).toEqual([true, 0]);
  });
});

describe('a failing request', () => {
  it('that is expected is an answer, any other ends its client only', async () => {
    const world = await ServingWorld.start();
    world.ports.query.logs = () => Promise.reject(new TypeError('a mistake'));
    const [one, two] = [await world.connect(), await world.connect()];
    await world.request(one, 'QueryLogs', QUERY);
    expect([one.isDestroyed, world.clients]).toEqual([true, 1]);
    expect(world.actors.exits('connections/client-1')).toEqual(['crash']);
    await world.request(two, 'Health', {});
    expect(two.kinds).toEqual(['Status']);
  });
});
