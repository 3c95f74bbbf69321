import { expect, it } from 'vitest';
import { ClientWorld, entry, expected } from '../../support/client-world.ts';

const world = ClientWorld.use();
const claims = () => world.daemon.of('Hello').map(({ body }) => body.new_producer ?? false);

it('says that its producer is new at its first connection, and never again', async () => {
  const client = await world.connect();
  await client.log(entry(0));
  await world.daemon.crash();
  const later = client.log(entry(1));
  await world.daemon.listen();
  await later;
  expect(claims()).toEqual([true, false]);
  expect(world.messages()).toEqual(expected(2));
});

it('claims nothing of a producer that was given to it', async () => {
  await world.connect({ producerId: 'mine' });
  expect(claims()).toEqual([false]);
});
