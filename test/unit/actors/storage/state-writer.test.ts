import { RequestBook } from '#codi/actors/storage/request-book.js';
import { stateWriterSpec } from '#codi/actors/storage/state-writer.actor.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { StateCommand, ToState } from '#codi/workers/storage/state.messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld } from '../../../support/actor-world.ts';
import { virtualEnvironment, type VirtualHost } from '../../../support/virtual-environment.ts';
import { newHealingDesk } from '../../../support/healing.ts';

const LIST: StateCommand = { type: 'listMonitoredPaths' };

let world: ActorWorld;
let book: RequestBook<StateCommand>;
const host = () => world.environment.hosts.at(-1)!;
const asked = (from: VirtualHost = host()) =>
  (from.posted as ToState[]).map((message) => ('id' in message ? message.id : message.type));

beforeEach(async () => {
  book = new RequestBook<StateCommand>(10);
  const environment = virtualEnvironment({
    onSpawn: (spawned) =>
      environment.clock.setImmediate(() => spawned.emit({ type: 'sys.ready', head: {} })),
  });
  const spec = stateWriterSpec(
    new URL('file:///state.js'),
    {},
    {
      book,
      healing: newHealingDesk(),
      assertInPlace: () => undefined,
      onEnd: () => undefined,
    },
  );
  world = await ActorWorld.start([spec], environment);
});

test('Requests go to the thread in order and get its answers.', async () => {
  const one = book.request(LIST);
  const two = book.request(LIST);
  expect(asked()).toEqual([1, 2]);
  expect(world.node('state-writer')?.state).toBe('committing');
  host().emit({ type: 'answer', id: 1, ok: true, result: ['a'] });
  const error = new CodiError('CODI_SESSION_UNKNOWN', { sessionId: 's' }).toWire();
  host().emit({ type: 'answer', id: 2, ok: false, error });
  await expect(one).resolves.toEqual(['a']);
  await expect(two).rejects.toMatchObject({ code: 'CODI_SESSION_UNKNOWN' });
  expect(world.node('state-writer')?.state).toBe('idle');
});

test('The next thread is asked what the last one did not answer.', async () => {
  const one = book.request(LIST);
  const two = book.request(LIST);
  host().emit({ type: 'answer', id: 1, ok: true, result: 1 });
  host().exit({ code: 1, signal: null });
  await world.settle();
  const three = book.request(LIST);
  await world.advance(1_000);
  expect(world.environment.hosts).toHaveLength(2);
  expect(asked()).toEqual([2, 3]);
  for (const id of [2, 3]) host().emit({ type: 'answer', id, ok: true, result: id });
  await expect(Promise.all([one, two, three])).resolves.toEqual([1, 2, 3]);
});

test('A fatal failure is a crash with its reason.', async () => {
  host().emit({ type: 'fatal', code: 'CODI_STORE_CORRUPT', message: 'a bad page' });
  await world.advance(1_000);
  expect(world.node('state-writer')?.lastExit?.reason).toContain('a bad page');
  expect(world.environment.hosts).toHaveLength(2);
});

test('Stopping waits for the answers and then for the thread.', async () => {
  const one = book.request(LIST);
  const stopping = world.system.stop();
  await world.settle();
  expect(asked()).toEqual([1]);
  host().emit({ type: 'answer', id: 1, ok: true, result: 1 });
  await world.settle();
  expect(asked()).toEqual([1, 'stop']);
  host().exit();
  await world.settle();
  await expect(stopping).resolves.toMatchObject({ unstopped: [] });
  await one;
});
