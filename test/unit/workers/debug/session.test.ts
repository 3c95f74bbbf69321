import { CodiError } from '#codi/protocol/errors.js';
import { Session, type DebugRequest } from '#codi/workers/debug/session.js';
import type { Subscription } from '#codi/workers/debug/subscription.js';
import { beforeEach, expect, test } from 'vitest';

let sent: any[];
let hasRoom: boolean;
let nowMs: number;
let run: (request: DebugRequest) => unknown;
let session: Session;
let ended: number;

beforeEach(() => {
  sent = [];
  hasRoom = true;
  nowMs = 0;
  ended = 0;
  session = new Session({
    run: async (request) => run(request),
    hasRoom: () => hasRoom,
    send: (text) => void sent.push(JSON.parse(text)),
    peer: async () => undefined,
    monotonicMs: () => nowMs,
    limits: { subscriptions: 2, slowAfterMs: 1_000 },
  });
});

const subscribed = async (onRoom?: () => void) => {
  let made: Subscription | undefined;
  run = () => (made = session.subscribe(() => (ended += 1), onRoom));
  await session.answer('{"id":1,"verb":"top"}');
  return made!;
};

test('Answers carry the id of their request; errors are in the table of errors.', async () => {
  run = ({ verb }) => {
    if (verb === 'bug') throw new TypeError('oops');
    if (verb === 'no') throw new CodiError('CODI_ACTOR_NOT_FOUND', { path: 'x' });
    return { verb };
  };
  for (const verb of ['yes', 'no', 'bug']) await session.answer(`{"id":"a","verb":"${verb}"}`);
  expect(sent).toMatchObject([
    { id: 'a', ok: true, result: { verb: 'yes' } },
    { id: 'a', ok: false, error: { code: 'CODI_ACTOR_NOT_FOUND' } },
    { id: 'a', ok: false, error: { code: 'CODI_INTERNAL' } },
  ]);
});

test('What is no request is said to be none.', async () => {
  const lines = ['garbage', '[]', 'null', '7', '{"verb":"x"}', '{"id":1}', '{"id":{},"verb":"x"}'];
  for (const line of [...lines, `{"id":"${'x'.repeat(300)}","verb":"x"}`, '['.repeat(50_000)])
    await session.answer(line);
  expect(sent.map(({ id, ok }) => [id, ok])).toEqual(sent.map(() => [null, false]));
  expect(new Set(sent.map(({ error }) => error.code))).toEqual(
    new Set(['CODI_FRAME_INVALID', 'CODI_MESSAGE_INVALID']),
  );
});

test('The number of a subscription leaves before its first event.', async () => {
  run = () => {
    const subscription = session.subscribe(() => undefined);
    subscription.offer('early');
    subscription.end('limit', 4);
    return subscription;
  };
  await session.answer('{"id":1,"verb":"trace"}');
  expect(sent).toEqual([
    { id: 1, ok: true, result: { subscription: 1 } },
    { subscription: 1, event: 'early' },
    { subscription: 1, end: 'limit', dropped: 4 },
  ]);
});

test('A client without room loses events, and after a while the subscription.', async () => {
  const subscription = await subscribed();
  hasRoom = false;
  expect([subscription.offer('a', 3), subscription.isOver]).toEqual([false, false]);
  nowMs = 999;
  subscription.offer('b');
  hasRoom = true;
  subscription.offer('c');
  hasRoom = false;
  subscription.offer('d');
  nowMs = 1_999;
  subscription.offer('e');
  expect([subscription.isOver, ended]).toEqual([true, 1]);
  expect(sent.slice(1)).toEqual([
    { subscription: 1, event: 'c' },
    { subscription: 1, end: 'slow', dropped: 6 },
  ]);
  expect(subscription.offer('f')).toBe(false);
});

test('A client has so many subscriptions, can end them, and hears of room again.', async () => {
  let rooms = 0;
  const subscription = await subscribed(() => (rooms += 1));
  await subscribed();
  await subscribed();
  expect(sent.at(-1)).toMatchObject({ ok: false, error: { code: 'CODI_TRY_AGAIN' } });
  session.onDrained();
  expect(rooms).toBe(1);
  expect([session.unsubscribe(1), session.unsubscribe(1), session.unsubscribe(9)]).toEqual([
    true,
    false,
    false,
  ]);
  expect([subscription.isOver, ended]).toEqual([true, 1]);
  session.onDrained();
  expect(rooms).toBe(1);
  await subscribed();
  expect(sent.at(-1)).toMatchObject({ result: { subscription: 3 } });
});

test('A client that leaves keeps no subscription and gets no new one.', async () => {
  await subscribed();
  session.endAll('unsubscribed');
  expect(ended).toBe(1);
  await subscribed();
  expect(sent.at(-1)).toMatchObject({ ok: false, error: { code: 'CODI_TRY_AGAIN' } });
});
