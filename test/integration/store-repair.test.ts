import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { beginHealing, moveAside } from '#codi/workers/storage/salvage/quarantine.js';
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

it('says of a healing that was interrupted who finishes it, whatever is asked of the files', async () => {
  const { dataDir } = world.place;
  const healing = beginHealing(dataDir, 'ledger', 'a page is torn', Date.now());
  const commands = [
    ['query', '--offline'],
    ['audit', 'head'],
    ['store', 'stats'],
    ['store', 'backup', join(world.place.home, 'copy')],
    ['store', 'rekey', '--decrypt'],
  ];
  const expectRefusals = async () => {
    for (const line of commands) {
      const { exitCode, notes } = await codi(...line);
      expect({ line, exitCode, notes }).toEqual({
        line,
        exitCode: 3,
        notes: expect.stringMatching(
          /ledger\.db was damaged \(a page is torn\), .* interrupted \(CODI_HEALING_UNFINISHED\)\n.*codi store repair/,
        ) as string,
      });
    }
  };
  await expectRefusals();
  moveAside(dataDir, 'ledger', healing);
  await expectRefusals();
  expect((await codi('store', 'repair')).out).toMatch(/ledger\.db is healed/);
  expect((await codi('query', '--offline')).exitCode).toBe(0);
}, 120_000);
