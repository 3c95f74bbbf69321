import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DebugClient } from '#codi/client/index.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deadline, eventually } from '../../support/deadline.ts';
import { FakeDebugServer } from '../../support/fake-debug-server.ts';

let dir: string;
let server: FakeDebugServer;
let debug: DebugClient;
const event = (value: unknown, subscription = 7) => ({ subscription, event: value });

async function connect(answer: Parameters<typeof FakeDebugServer.start>[1]): Promise<void> {
  server = await FakeDebugServer.start(join(dir, 'd.sock'), answer);
  debug = await DebugClient.connect({ socketPath: join(dir, 'd.sock') });
}

/** Everything until it ends. */
async function collect(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const got: unknown[] = [];
  for await (const one of events) got.push(one);
  return got;
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'codi-subscription-'));
});
afterEach(async () => {
  debug.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

test('Events come in order, also those in one piece with the answer, then why it ended.', async () => {
  const end = { subscription: 7, end: 'limit', dropped: 3 };
  await connect(() => ({ result: { subscription: 7 }, lines: [event(1), event(2), end] }));
  const reports = await debug.subscribe('watch_reports', { limit: 5 });
  expect(server.requests).toMatchObject([{ verb: 'watch_reports', limit: 5 }]);
  expect(await deadline('end', collect(reports))).toEqual([1, 2]);
  expect(reports.outcome).toEqual({ reason: 'limit', dropped: 3 });
});

test('Subscriptions and calls of one connection do not mix.', async () => {
  let next = 1;
  await connect(({ verb }) => ({ result: verb === 'hello' ? 'hi' : { subscription: next++ } }));
  const [one, two] = [await debug.subscribe('top', {}), await debug.subscribe('top', {})];
  server.push(event('b', 2), event('x', 99), event('a', 1));
  expect(await debug.call('hello', {})).toBe('hi');
  for (const [events, wanted] of [
    [one, 'a'],
    [two, 'b'],
  ] as const) {
    server.push({ subscription: wanted === 'a' ? 1 : 2, end: 'expired' });
    expect(await deadline('events', collect(events))).toEqual([wanted]);
  }
});

test('A refused subscription is an error.', async () => {
  await connect(() => ({ error: { code: 'CODI_MESSAGE_INVALID', message: 'no' } }));
  const refused = debug.subscribe('trace', { pattern: '', limit: 1, for_ms: 1 });
  await expect(refused).rejects.toMatchObject({ code: 'CODI_MESSAGE_INVALID' });
});

test('A reader that leaves tells the daemon, and events on their way are forgotten.', async () => {
  await connect(({ verb }) => ({ result: verb === 'unsubscribe' ? {} : { subscription: 7 } }));
  const reports = await debug.subscribe('watch_reports', {});
  server.push(event(1), event(2));
  for await (const one of reports) {
    expect(one).toBe(1);
    break;
  }
  await eventually('unsubscribe', () => server.requests[1]);
  expect(server.requests[1]).toMatchObject({ verb: 'unsubscribe', subscription: 7 });
  server.push(event(3));
  expect(await collect(reports)).toEqual([]);
  expect(reports.outcome).toEqual({ reason: 'unsubscribed', dropped: 0 });
});

test('A connection that is lost fails the iteration, after what came before.', async () => {
  await connect(({ verb }) => (verb === 'hello' ? 'hang up' : { result: { subscription: 7 } }));
  const reports = await debug.subscribe('watch_reports', {});
  server.push(event(1));
  const got: unknown[] = [];
  const reading = (async () => {
    for await (const one of reports) {
      got.push(one);
      debug.call('hello', {}).catch(() => undefined);
    }
  })();
  await expect(deadline('end', reading)).rejects.toMatchObject({ code: 'CODI_CONNECTION_LOST' });
  expect([got, reports.outcome]).toEqual([[1], undefined]);
});

test('A reader that is behind holds the connection up instead of filling memory.', async () => {
  await connect(({ verb }) => ({ result: verb === 'hello' ? 'hi' : { subscription: 7 } }));
  const reports = await debug.subscribe('watch_reports', {});
  for (let from = 0; from < 200_000; from += 1_000)
    server.push(...Array.from({ length: 1_000 }, (_, index) => event(from + index)));
  let isAnswered = false;
  const answered = debug.call('hello', {}).then(() => (isAnswered = true));
  server.push({ subscription: 7, end: 'expired' });
  const got: unknown[] = [];
  for await (const one of reports) {
    if (got.length === 0) expect(isAnswered).toBe(false);
    got.push(one);
  }
  expect(got).toEqual(Array.from({ length: 200_000 }, (_, index) => index));
  await deadline('answer', answered);
});
