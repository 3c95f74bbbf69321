// What one client may take. Over a limit is a typed answer, a typed close, or a wait; the others go on.
import { expect, it } from 'vitest';
import type { ServingLimits } from '#codi/actors/serving/ports.js';
import { SendRoom } from '#codi/actors/serving/send-room.js';
import { entryBody, frameOf } from '../../../support/fake-socket.ts';
import { ServingWorld } from '../../../support/serving-world.ts';

const LIMITS = new ServingWorld().ports.limits;
const withLimits = (limits: Partial<ServingLimits>) =>
  ServingWorld.start({ limits: { ...LIMITS, ...limits } });

it('Bytes beyond the rate of a connection wait, and so does the clock of its half frame.', async () => {
  const world = await withLimits({ bytesPerSecond: 10_000 });
  const socket = await world.connect();
  socket.send('LogEntry', entryBody('x'.repeat(9_000)));
  await world.settle();
  expect(socket.isPaused).toBe(false);
  const next = frameOf('LogEntry', entryBody('x'.repeat(9_000)));
  socket.bytes(Buffer.concat([next, next.subarray(0, 10)]));
  await world.actors.advance(700);
  expect([socket.isPaused, world.log.names()]).toEqual([
    true,
    expect.arrayContaining(['ConnectionThrottled']),
  ]);
  await world.actors.advance(200);
  expect([socket.isPaused, socket.isClosed]).toEqual([false, false]);
  await world.actors.advance(30_002);
  await world.answer(1, world.ingest.taken.length);
  expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_HANDSHAKE_TIMEOUT' }]);
});

it('Without a rate nobody waits, however much he sends.', async () => {
  const world = await withLimits({});
  const socket = await world.connect();
  for (let count = 0; count < 500; count++) socket.send('LogEntry', entryBody('x'.repeat(5_000)));
  await world.settle();
  expect([socket.isPaused, world.ingest.taken.length]).toEqual([false, 500]);
});

it('Who said Hello and does not read is cut off, and the reason is counted.', async () => {
  const world = await withLimits({ sendLimitBytes: 1_000 });
  const socket = await world.connect({});
  socket.isBlocked = true;
  for (let count = 0; count < 50; count++) await world.request(socket, 'ListWatches', {});
  expect(socket.isClosed).toBe(true);
  const closed = world.log.events.filter(({ name }) => name === 'ConnectionClosed');
  expect(closed).toMatchObject([{ reason: 'slowConsumer' }]);
});

it('When too much waits for all, the client most waits for is cut off; old clients lose answers.', async () => {
  const world = await ServingWorld.start({
    limits: { ...LIMITS, sendLimitBytes: 100_000 },
    sendRoom: new SendRoom(2_000),
  });
  const [large, small, old] = [
    await world.connect({}),
    await world.connect({}),
    await world.connect(),
  ];
  for (const socket of [large, small, old]) socket!.isBlocked = true;
  for (let count = 0; count < 40; count++)
    await world.request(old!, 'QueryLogs', { filter: {}, limit: 1 });
  expect([old!.isClosed, old!.queuedBytes < 700]).toEqual([false, true]);
  await world.request(small!, 'ListWatches', {});
  for (let count = 0; count < 40; count++) await world.request(large!, 'ListWatches', {});
  expect([large!.isClosed, small!.isClosed, old!.isClosed]).toEqual([true, false, false]);
  expect(world.log.names()).toContain('AnswersDropped');
});
