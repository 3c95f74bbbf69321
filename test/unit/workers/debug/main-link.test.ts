import { InFlightMarker, markBytes } from '#codi/supervisor/in-flight.js';
import type { FromDebug } from '#codi/workers/debug/debug.messages.js';
import { busyError, MainLink } from '#codi/workers/debug/main-link.js';
import { beforeEach, expect, test } from 'vitest';

type Asked = Extract<FromDebug, { type: 'ask' }>;

let posted: Asked[];
let marker: InFlightMarker;
let nowMs: number;
let link: MainLink;

beforeEach(() => {
  posted = [];
  marker = new (InFlightMarker as new (limitMs: number) => InFlightMarker)(500);
  nowMs = 1_000_000;
  link = new MainLink({
    post: (message) => void posted.push(message as Asked),
    inFlight: marker.buffer,
    timeoutMs: 20,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
  });
});

test('An answer comes back to who asked, and a refusal as an error.', async () => {
  const one = link.read('recent', { path: 'a' });
  const two = link.read('recent', { path: 'b' });
  const [{ askId: first }, { askId: second }] = posted as [Asked, Asked];
  const error = { code: 'CODI_ACTOR_NOT_FOUND', message: 'no' };
  link.take({ type: 'refusal', askId: second, error });
  link.take({ type: 'answer', askId: first, result: { path: 'a', headers: [] } });
  await expect(one).resolves.toEqual({ ok: true, result: { path: 'a', headers: [] } });
  await expect(two).rejects.toMatchObject({ code: 'CODI_ACTOR_NOT_FOUND' });
});

test('The same question asked twice is asked once; what has an effect never is shared.', async () => {
  const both = [link.read('sync', {}), link.read('sync', {})];
  void link.act('resume', { path: 'a' });
  void link.act('resume', { path: 'a' });
  expect(posted.map(({ ask }) => ask.verb)).toEqual(['sync', 'resume', 'resume']);
  link.take({ type: 'answer', askId: posted[0]!.askId, result: null });
  expect(await Promise.all(both)).toEqual([
    { ok: true, result: null },
    { ok: true, result: null },
  ]);
});

test('Without an answer in time it says what the main thread is in.', async () => {
  marker.begin(markBytes('core/x'), 3, nowMs - 5_000);
  marker.message('drain', nowMs - 3_200);
  expect(await link.read('sync', {})).toEqual({
    ok: false,
    busy: { path: 'core/x', epoch: 3, message: 'drain', busy_ms: 3_200 },
  });
  expect(posted[0]!.expiresAtMs).toBe(nowMs + 20);
});

test('A message that has just begun is not what the turn is stuck in.', async () => {
  marker.begin(markBytes('core/x'), 3, nowMs - 5_000);
  marker.message('drain', nowMs - 1);
  expect(link.busy()).toEqual({ path: 'core/x', epoch: 3, busy_ms: 5_000 });
});

test('A main thread that is in nobody’s turn is busy since it was asked.', async () => {
  void link.read('sync', {});
  nowMs += 400;
  expect(link.busy()).toEqual({ busy_ms: 400 });
  expect(busyError('a', link.busy()).message).toBe(
    'a cannot be asked: the main thread is busy for 400 ms in no actor',
  );
});

test('Only so many questions wait unseen; the next is not even sent.', async () => {
  const waiting = Array.from({ length: 256 }, (_, index) =>
    link.read('recent', { path: String(index) }),
  );
  await Promise.all(waiting);
  expect(await link.read('sync', {})).toMatchObject({ ok: false });
  expect(posted).toHaveLength(256);
  link.take({ type: 'expired', askId: posted[0]!.askId });
  void link.read('sync', {});
  expect(posted).toHaveLength(257);
});
