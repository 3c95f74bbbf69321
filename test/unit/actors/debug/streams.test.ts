import { behaviour, setup } from '#codi/supervisor/statechart.js';
import type { ActorSpec } from '#codi/supervisor/index.js';
import { beforeEach, expect, test } from 'vitest';
import { DebugWorld } from '../../../support/debug-world.ts';

const machine = setup({}).createMachine({
  id: 'worker',
  initial: 'on',
  states: {
    on: { tags: ['ready'], on: { flip: 'off' } },
    off: { tags: ['ready'], on: { flip: 'on' } },
  },
});

const worker = (id: string): ActorSpec<{ type: string }> => ({
  type: 'worker',
  id,
  mailbox: { limitCount: 100_000, limitBytes: 1e9, overflow: 'dropNew' },
  start: (cell) =>
    behaviour({
      machine,
      effects: {},
      receive: (message, lifecycle) => {
        lifecycle.send(message);
        if (message.type === 'pass') cell.lookup<{ type: string }>('b').send({ type: 'passed' });
        if (message.type === 'fail') throw new Error('failed');
      },
    }),
});

let debug: DebugWorld;
const send = (path: string, type: string, count = 1) => {
  for (let sent = 0; sent < count; sent++) debug.world.system.ref(path).send({ type });
};
const advance = (ms: number) => debug.world.advance(ms);
const events = () => debug.posted('batch').flatMap((batch) => batch.events as any[]);
const trace = (extra: object = {}, verb: 'trace' | 'stately' = 'trace') =>
  debug.ask(verb, { stream: 1, pattern: '*', limit: 10_000, for_ms: 60_000, ...extra });

beforeEach(async () => {
  debug = await DebugWorld.start([worker('a'), worker('b')]);
});

test('What is handled and sent is told in batches, in order.', async () => {
  expect(trace()).toBeNull();
  send('a', 'pass', 3);
  await advance(49);
  expect(debug.posted('batch')).toEqual([]);
  await advance(1);
  expect(debug.posted('batch')).toHaveLength(1);
  expect(events()).toHaveLength(9);
  expect(events()[0]).toEqual({
    seq: 1,
    at: expect.stringMatching(/^2026-/),
    path: 'a',
    epoch: 1,
    type: 'passed',
    kind: 'sent',
    to: 'b',
    result: 'queued',
  });
  expect(events()[1]).toMatchObject({ seq: 2, kind: 'handled', type: 'pass', state: 'on' });
});

test('Direction and type choose; only what is told counts against the limit.', async () => {
  trace({ direction: 'sent', type: 'pass*', limit: 2 });
  send('a', 'flip', 20);
  send('a', 'pass', 5);
  await advance(50);
  expect(events().map(({ kind, type }) => [kind, type])).toEqual([
    ['sent', 'passed'],
    ['sent', 'passed'],
  ]);
  expect(debug.posted('streamEnd')).toMatchObject([{ stream: 1, reason: 'limit', dropped: 0 }]);
});

test('Each second has its quota; what is beyond it is counted.', async () => {
  trace({ for_ms: 3_000 });
  for (let second = 0; second < 2; second++) {
    send('a', 'flip', 250);
    await advance(1_000);
  }
  await advance(1_000);
  expect(events()).toHaveLength(200);
  expect(debug.posted('streamEnd')).toMatchObject([{ reason: 'expired', dropped: 300 }]);
});

test('A thread that takes no batches gets a few, and the rest is counted.', async () => {
  debug = await DebugWorld.start([worker('a')], { traceEventsPerSecond: 1e6 });
  trace();
  send('a', 'flip', 6_000);
  await advance(100);
  expect(debug.posted('batch')).toHaveLength(8);
  debug.host.emit({ type: 'batchTaken', stream: 1 });
  send('a', 'flip', 500);
  await advance(100);
  expect(debug.posted('batch')).toHaveLength(9);
  debug.host.emit({ type: 'stopStream', stream: 1 });
  expect(debug.posted('streamEnd')).toMatchObject([{ reason: 'unsubscribed', dropped: 2_000 }]);
});

test('A stopped trace leaves nothing; nor does one whose thread died.', async () => {
  for (let round = 0; round < 10; round++) {
    expect(trace({ stream: round })).toBeNull();
    debug.host.emit({ type: 'stopStream', stream: round });
  }
  for (let stream = 0; stream < 8; stream++) expect(trace({ stream })).toBeNull();
  expect(trace({ stream: 9 })).toEqual({ refused: 'CODI_TRY_AGAIN' });
  debug.host.exit({ code: 1, signal: null });
  await advance(1_000);
  for (let stream = 0; stream < 8; stream++) expect(trace({ stream })).toBeNull();
  send('a', 'flip');
  await advance(50);
  expect(debug.posted('batch')).toHaveLength(8);
});

test('Machines are told in the three messages of the Stately inspector.', async () => {
  trace({ pattern: 'a', limit: 2 }, 'stately');
  send('a', 'flip');
  await advance(50);
  const [actor, event, snapshot, ...rest] = events();
  const common = {
    _version: expect.any(String),
    createdAt: expect.stringMatching(/^\d+$/),
    sessionId: 'a#1',
    rootId: 'codi',
  };
  const shown = { status: 'active', context: {}, tags: ['ready'] };
  expect(actor).toEqual({
    ...common,
    type: '@xstate.actor',
    name: 'a',
    definition: expect.any(String),
    snapshot: { ...shown, value: 'on' },
  });
  expect(Object.keys(JSON.parse(actor.definition).states)).toEqual(['on', 'off']);
  expect(event).toEqual({ ...common, type: '@xstate.event', event: { type: 'flip' } });
  expect(snapshot).toEqual({
    ...common,
    type: '@xstate.snapshot',
    event: { type: 'flip' },
    snapshot: { ...shown, value: 'off' },
  });
  expect(rest).toEqual([]);
});

test('An incarnation that comes later is introduced before what it does.', async () => {
  trace({ pattern: 'a' }, 'stately');
  send('a', 'fail');
  await advance(100);
  send('a', 'flip');
  await advance(50);
  const told = events().map(({ type, sessionId }) => `${type} ${sessionId}`);
  expect(told).toEqual([
    '@xstate.actor a#1',
    '@xstate.event a#1',
    '@xstate.snapshot a#1',
    '@xstate.actor a#2',
    '@xstate.event a#2',
    '@xstate.snapshot a#2',
  ]);
});
