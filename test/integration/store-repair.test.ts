import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { damagePage } from '../support/damaged-store.ts';
import { pagesOfTable } from '../support/salvaged.ts';

let world: DamagedDaemon;
beforeEach(async () => {
  world = new DamagedDaemon();
  await world.start();
  await world.write(40);
  await world.daemon!.stop();
});
afterEach(() => world.end());

const codi = (...line: string[]) => runAt(world.place, ...line);

it('says what is damaged without touching it, and heals it', async () => {
  expect(await codi('store', 'repair', '--check')).toMatchObject({
    exitCode: 0,
    out: 'ledger.db is sound\nstate.db is sound\n',
  });
  const path = world.path('ledger.db');
  damagePage(path, Math.max(...pagesOfTable(path, 'logs')), (bytes) => bytes.fill(0xa5));
  const before = statSync(path).ino;
  const check = await codi('store', 'repair', '--check', '--json');
  expect(check.exitCode).toBe(6);
  expect(JSON.parse(check.out)).toMatchObject({
    check: true,
    stores: [
      { store: 'ledger', damage: [expect.any(String)] },
      { store: 'state', damage: [] },
    ],
  });
  expect(statSync(path).ino).toBe(before);
  const repair = await codi('store', 'repair');
  expect(repair.exitCode).toBe(6);
  expect(repair.out).toMatch(/ledger\.db is healed: \d+ entries in \d+ blocks; \d+ blocks lost/);
  expect(readdirSync(world.place.dataDir).some((name) => name.includes('.corrupt.'))).toBe(true);
  // A write-ahead log already (sqlite.org/fileformat2.html, 1.3.3): its first writer has nothing to change.
  expect([...readFileSync(path).subarray(18, 20)]).toEqual([2, 2]);
  expect((await codi('store', 'repair', '--check')).exitCode).toBe(0);
  await world.start();
  await world.expectService({ lostMax: 20 });
  expect(await codi('store', 'repair')).toMatchObject({ exitCode: 3 });
}, 120_000);
