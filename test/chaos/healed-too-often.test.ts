// Given a daemon that may heal a database once an hour, and whose ledger was healed. Break: its ledger is damaged
// again, while it is stopped and while it runs. Expect: it is refused in plain words, nothing is moved aside, and
// `codi store repair` heals it all the same.
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInProcess } from '../support/cli-harness.ts';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { damagePage, pagesWith } from '../support/damaged-store.ts';
import { eventually } from '../support/deadline.ts';
import { pagesOfTable } from '../support/salvaged.ts';

let world: DamagedDaemon;
beforeEach(async () => {
  world = new DamagedDaemon({ CODI_STORAGE_HEALS_PER_HOUR: '1' });
  await world.start();
  await world.write(40);
  await world.daemon!.stop();
  damage();
  await world.start();
  await world.expectService({ lostMax: 20 });
});
afterEach(() => world.end());

/** The page of the newest entries. */
function damage(): void {
  const path = world.path('ledger.db');
  damagePage(path, Math.max(...pagesOfTable(path, 'logs')), (bytes) => bytes.fill(0xa5));
}

const kept = () =>
  readdirSync(world.place.dataDir).filter((name) => /^ledger\.db\.corrupt\.[^.]+\.\w+$/.test(name));

test('A start on a ledger that was damaged again says so and touches nothing.', async () => {
  await world.daemon!.stop();
  const before = kept();
  damage();
  await expect(world.start()).rejects.toThrow(/CODI_HEALED_TOO_OFTEN|healings? within an hour/);
  expect(kept()).toEqual(before);
  const { dataDir, socketPath, home } = world.place;
  const options = { socketPath, cwd: home };
  const repair = await runInProcess(['store', 'repair', '--data-dir', dataDir], options);
  expect(repair.out).toContain('ledger.db is healed');
  await world.start();
  await world.expectService({ lostMax: 20 });
}, 180_000);

test('A running daemon whose ledger is damaged again is degraded and says why.', async () => {
  const before = kept();
  const path = world.path('ledger.db');
  const isWanted = (page: Buffer) => page[0] === 0x0d && page.includes('entry 10 ');
  const [page] = await eventually('an entry to be in the database itself', () => {
    const pages = pagesWith(path, isWanted);
    return pages.length > 0 && pages;
  });
  damagePage(path, page!, (bytes) => bytes.fill(0x5a));
  const status = await eventually(
    'the status to say so',
    async () => {
      // A commit makes readers look at the file again.
      await world.write(1).catch(() => undefined);
      await world.verify('ledger').catch(() => undefined);
      const now = await world.status().catch(() => undefined);
      return now?.reasons?.some((reason) => /healings? within an hour/.test(reason)) && now;
    },
    60_000,
  );
  expect(status.state).toBe('degraded');
  expect(kept()).toEqual(before);
  // Everything else is served on.
  const client = await world.daemon!.client();
  await client.log({ level: 'Info', component: 'test', message: 'still taken' });
  await client.close();
}, 180_000);
