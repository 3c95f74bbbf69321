import type { Page, Row } from '#codi/actors/serving/ports.js';
import { CodiError } from '#codi/protocol/errors.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { countingId, type FakeSocket } from '../../../support/fake-socket.ts';
import { pending, ServingWorld } from '../../../support/serving-world.ts';

const PAGE_ROWS = 500;

let world: ServingWorld;
let socket: FakeSocket;
let asked: number[];

/** Committed rows behind a cursor, as the readers give them. */
async function logsAfter(after: number): Promise<Page<Row>> {
  const last = Math.min(world.feed.logs, after + PAGE_ROWS);
  const rows = Array.from({ length: last - after }, (_, index) => ({
    id: after + index + 1,
    timestamp: '2026-01-01T00:00:00Z',
    level: 'Info',
    component: 'c',
    message: '',
  }));
  return { rows, next: last < world.feed.logs ? 'more' : undefined, through: last };
}

beforeEach(async () => {
  world = await ServingWorld.start({
    limits: {
      frameLimitBytes: 100_000,
      sendLimitBytes: 400_000,
      window: 1,
      messagesPerSecond: 0,
      bytesPerSecond: 0,
      followsMax: 2,
      firstFrameTimeoutMs: 2_000,
      frameTimeoutMs: 30_000,
    },
  });
  asked = [];
  world.ports.query.logs = ({ filter }) => {
    asked.push(filter.after_id!);
    return logsAfter(filter.after_id!);
  };
  world.feed.logs = 10;
  socket = await world.connect({});
});

/** Ids of the rows a follow brought. */
function rowsOf(id: string): number[] {
  return socket
    .bodies('LogResults')
    .filter((body) => body.request_id === id)
    .flatMap((body) => body.entries.map((row: Row) => row['id']));
}

const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('a follow', () => {
  it('brings what is committed from now on', async () => {
    const id = await world.request(socket, 'Follow', { streams: ['logs'] });
    expect(socket.bodies('LogResults')).toEqual([]);
    world.feed.commit(2);
    await world.settle();
    world.feed.commit(1);
    await world.settle();
    expect(rowsOf(id)).toEqual([11, 12, 13]);
    expect(socket.bodies('LogResults').map(({ last }) => last)).toEqual([12, 13]);
  });

  it('joins history and present without a gap or a repetition', async () => {
    world.feed.logs = 1_200;
    const reading = pending<void>();
    world.ports.query.logs = async ({ filter }) => {
      await reading.promise;
      return logsAfter(filter.after_id!);
    };
    const id = await world.request(socket, 'Follow', { streams: ['logs'], from: { logs: 0 } });
    world.feed.commit(5);
    reading.resolve();
    await world.settle();
    world.feed.commit(5);
    await world.settle();
    expect(rowsOf(id)).toEqual(upTo(1, 1_210));
  });

  it('does not read again what did not match', async () => {
    world.ports.query.logs = async ({ filter }) => {
      asked.push(filter.after_id!);
      return { rows: [], through: world.feed.logs };
    };
    await world.request(socket, 'Follow', { streams: ['logs'] });
    world.feed.commit(5);
    await world.settle();
    world.feed.commit(5);
    await world.settle();
    expect(asked).toEqual([10, 10, 15]);
  });

  it('brings events as well when asked to', async () => {
    world.ports.query.events = async ({ filter }) => {
      const isNew = filter.after_seq! < world.feed.events;
      const row = {
        seq: world.feed.events,
        time: '2026-01-01T00:00:00Z',
        root: '/desk',
        path: 'a',
        event: 'create',
        kind: 'file',
        seen: 'native',
      };
      return { rows: isNew ? [row] : [] };
    };
    await world.request(socket, 'Follow', { streams: ['logs', 'events'] });
    world.feed.commit(1, 1);
    await world.settle();
    expect(socket.kinds).toEqual(['Welcome', 'LogResults', 'EventResults']);
  });

  it('waits for a slow reader without keeping rows, and goes on where it was', async () => {
    const id = await world.request(socket, 'Follow', { streams: ['logs'] });
    socket.isBlocked = true;
    world.feed.commit(1);
    await world.settle();
    const before = asked.length;
    world.feed.commit(3);
    world.feed.commit(3);
    await world.settle();
    expect(asked.length).toBe(before);
    socket.drain();
    await world.settle();
    expect(rowsOf(id)).toEqual(upTo(11, 17));
  });

  it('tries again while the readers restart, and misses nothing', async () => {
    let isAway = true;
    world.ports.query.logs = ({ filter }) =>
      isAway
        ? Promise.reject(new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'restart' }))
        : logsAfter(filter.after_id!);
    const id = await world.request(socket, 'Follow', { streams: ['logs'], from: { logs: 8 } });
    await world.actors.advance(1_000);
    isAway = false;
    await world.actors.advance(250);
    expect(rowsOf(id)).toEqual([9, 10]);
  });

  it('whose filter can never be answered ends with the reason', async () => {
    world.ports.query.logs = () =>
      Promise.reject(new CodiError('CODI_MESSAGE_INVALID', { reason: 'a bad filter' }));
    const id = await world.request(socket, 'Follow', { streams: ['logs'] });
    await world.actors.advance(5_000);
    expect(socket.bodies('Error')).toMatchObject([
      { request_id: id, code: 'CODI_MESSAGE_INVALID' },
    ]);
    expect(world.feed.subscribers).toBe(0);
  });

  it('that fails is the last thing a half-closed connection waits for', async () => {
    const page = pending<Page<Row>>();
    world.ports.query.logs = () => page.promise;
    await world.request(socket, 'Follow', { streams: ['logs'] });
    socket.peerEnd();
    await world.settle();
    expect(world.clients).toBe(1);
    page.reject(new CodiError('CODI_MESSAGE_INVALID', { reason: 'a bad filter' }));
    await world.settle();
    expect([socket.kinds.at(-1), world.clients]).toEqual(['Error', 0]);
  });
});

describe('the end of a follow', () => {
  it('comes with Unfollow, also while a page is read', async () => {
    const page = pending<Page<Row>>();
    world.ports.query.logs = () => page.promise;
    const id = await world.request(socket, 'Follow', { streams: ['logs'] });
    await world.request(socket, 'Unfollow', { request_id: id });
    page.resolve(await logsAfter(0));
    await world.settle();
    expect([rowsOf(id), world.feed.subscribers]).toEqual([[], 0]);
    expect(socket.kinds).toEqual(['Welcome', 'Acknowledgment']);
    await world.request(socket, 'Unfollow', { request_id: id });
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_NOT_FOUND' }]);
  });

  it('leaves the next one of the same id alone', async () => {
    const id = countingId();
    const page = pending<Page<Row>>();
    world.ports.query.logs = () => page.promise;
    const follow = { streams: ['logs'], from: { logs: 0 } };
    socket.send('Follow', follow, id);
    await world.request(socket, 'Unfollow', { request_id: id });
    world.ports.query.logs = ({ filter }) => logsAfter(filter.after_id!);
    socket.send('Follow', follow, id);
    page.resolve(await logsAfter(0));
    await world.settle();
    world.feed.commit(1);
    await world.settle();
    expect(rowsOf(id)).toEqual(upTo(1, 11));
  });

  it('comes with the daemon, and with the connection', async () => {
    await world.request(socket, 'Follow', { streams: ['logs'] });
    const other = await world.connect({});
    await world.request(other, 'Follow', { streams: ['logs'] });
    expect(world.feed.subscribers).toBe(2);
    other.destroy();
    await world.settle();
    expect(world.feed.subscribers).toBe(1);
    const stopping = world.actors.system.stop();
    await world.settle();
    expect([world.feed.subscribers, socket.isEnded]).toEqual([0, true]);
    await stopping;
  });

  it('is not waited for by a retry', async () => {
    world.ports.query.logs = () => {
      asked.push(0);
      return Promise.reject(new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'restart' }));
    };
    const id = await world.request(socket, 'Follow', { streams: ['logs'] });
    await world.request(socket, 'Unfollow', { request_id: id });
    await world.actors.advance(5_000);
    expect(asked).toHaveLength(1);
  });
});

describe('follows', () => {
  it('are limited for each connection', async () => {
    for (let count = 0; count < 3; count++)
      await world.request(socket, 'Follow', { streams: ['logs'] });
    expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_OVERLOADED' }]);
  });
});
