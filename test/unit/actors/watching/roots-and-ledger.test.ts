import { RootTable } from '#codi/actors/watching/root-table.js';
import { rootsSpec } from '#codi/actors/watching/roots.actor.js';
import { CodiError } from '#codi/protocol/errors.js';
import { expect, test } from 'vitest';
import { ActorWorld } from '../../../support/actor-world.ts';
import { ROOT_OPTIONS } from '../../../support/fake-watch-host.ts';
import { GapWorld } from '../../../support/gaps.ts';

/** Roots without a path, over a ledger that fails like this before it answers. */
async function start(failures: Error[]): Promise<ActorWorld> {
  const unused = () => Promise.reject(new Error('not asked for here'));
  const spec = rootsSpec({
    table: new RootTable(() => undefined),
    gaps: new GapWorld().book,
    loadGaps: async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return [];
    },
    initial: [],
    hostCount: 0,
    prefersRecursive: false,
    options: () => ROOT_OPTIONS,
    resolvePath: unused,
    store: { list: async () => [], add: unused, remove: unused },
    children: {
      startHost: unused,
      stopHost: unused,
      assignHost: () => undefined,
      startWatcher: unused,
      stopWatcher: unused,
      watcher: () => ({ name: 'watcher', send: () => 'noproc' }),
    },
  });
  return ActorWorld.start([spec]);
}

test('While the ledger is away or being healed, its gaps are waited for.', async () => {
  const away = new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'SQLITE_CANTOPEN' });
  const healed = new CodiError('CODI_STORE_CORRUPT', { path: 'ledger.db', reason: 'a page' });
  const world = await start([away, healed, away]);
  expect(world.node('roots')).toMatchObject({ state: 'starting' });
  await world.advance(1_000);
  expect(world.node('roots')).toMatchObject({ state: 'serving' });
  expect(world.exits('roots')).toEqual([]);
});

test('A failure that does not pass is one of the start.', async () => {
  await expect(start([new Error('broken')])).rejects.toThrow('broken');
});
