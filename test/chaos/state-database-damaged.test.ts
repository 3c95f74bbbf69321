// Given a daemon with sessions and a watched path. Break: while it is stopped a page of state.db is overwritten, or all
// of it. Expect at the next start: what the other pages hold is there, the rest is named, and sessions can be started.
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { damagePage } from '../support/damaged-store.ts';
import { pagesOfTable } from '../support/salvaged.ts';

let world: DamagedDaemon;
beforeEach(async () => {
  world = new DamagedDaemon();
  await world.start();
  const client = await world.daemon!.client();
  for (let n = 0; n < 30; n++)
    await client.request('SessionStart', { session_id: `s-${n}`, identity: 'ana' } as never);
  await client.close();
  await world.daemon!.stop();
});
afterEach(() => world.end());

test('A damaged page of the sessions is made anew from their history.', async () => {
  const [page] = pagesOfTable(world.path('state.db'), 'sessions');
  damagePage(world.path('state.db'), page!, (bytes) => bytes.fill(0xa5));
  damagePage(world.path('state.db'), 1, (bytes) => bytes.fill(0, 0, 100));
  await world.start();
  await world.healed('state');
  const client = await world.daemon!.client();
  const { sessions } = await client.request('ListSessions', { limit: 100 } as never);
  await client.close();
  expect(sessions.map(({ session_id: id }) => id).sort()).toEqual(
    Array.from({ length: 30 }, (_, n) => `s-${n}`).sort(),
  );
  expect(await world.verify('state')).toEqual({ findings: [], losses: [] });
}, 180_000);

test('A state.db that became noise is named, and sessions can be started.', async () => {
  writeFileSync(world.path('state.db'), Buffer.alloc(50_000, 'noise'));
  await world.start();
  await world.healed('state');
  const { losses } = await world.verify('state');
  expect(losses).toEqual([
    expect.objectContaining({ block: 0, reason: expect.stringContaining('up to block 29') }),
  ]);
  const client = await world.daemon!.client();
  await client.request('SessionStart', { session_id: 'new', identity: 'ana' } as never);
  await client.close();
}, 180_000);
