import { notarySpec } from '#codi/actors/storage/notary.actor.js';
import { RequestBook } from '#codi/actors/storage/request-book.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { FromNotary, NotaryCommand, ToNotary } from '#codi/workers/storage/notary.messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld } from '../../../support/actor-world.ts';
import { virtualEnvironment } from '../../../support/virtual-environment.ts';

let world: ActorWorld;
let book: RequestBook<NotaryCommand>;
let said: FromNotary[];
const host = () => world.environment.hosts.at(-1)!;
const posted = () =>
  (host().posted as ToNotary[]).map((message) => ('id' in message ? message.id : message.type));

beforeEach(async () => {
  book = new RequestBook<NotaryCommand>(10);
  said = [];
  const environment = virtualEnvironment({
    onSpawn: (spawned) => environment.clock.setImmediate(() => spawned.emit({ type: 'sys.ready' })),
  });
  const ports = { book, onMessage: (message: FromNotary) => void said.push(message) };
  world = await ActorWorld.start(
    [notarySpec(new URL('file:///notary.js'), {}, ports)],
    environment,
  );
});

test('Answers go to those who asked, everything else to the desk.', async () => {
  const one = book.request({ type: 'head' });
  const two = book.request({ type: 'head' });
  expect(posted()).toEqual([1, 2]);
  host().emit({ type: 'trouble', reason: 'full' });
  host().emit({ type: 'answer', id: 1, ok: true, result: 'a' });
  const error = new CodiError('CODI_TRY_AGAIN', { reason: 'soon' }).toWire();
  host().emit({ type: 'answer', id: 2, ok: false, error });
  await expect(one).resolves.toBe('a');
  await expect(two).rejects.toMatchObject({ code: 'CODI_TRY_AGAIN' });
  expect(said.filter(({ type }) => type !== 'sys.ready')).toEqual([
    { type: 'trouble', reason: 'full' },
  ]);
});

test('The next thread is asked what the last one did not answer.', async () => {
  const one = book.request({ type: 'head' });
  host().exit({ code: 1, signal: null });
  await world.advance(1_000);
  expect(world.environment.hosts).toHaveLength(2);
  expect(posted()).toEqual([1]);
  host().emit({ type: 'answer', id: 1, ok: true, result: 1 });
  await expect(one).resolves.toBe(1);
});

test('Stopping waits until the thread has signed and ended.', async () => {
  const stopping = world.system.stop();
  await world.settle();
  expect(posted()).toEqual(['stop']);
  host().exit();
  await world.settle();
  await expect(stopping).resolves.toMatchObject({ unstopped: [] });
});
