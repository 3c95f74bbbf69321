// Given a daemon that runs. Break: pages of ledger.db are overwritten under it. Expect: who meets them reports it, the
// ledger heals while the daemon runs, every thread goes on with the new file, and nothing acknowledged is lost that
// stood elsewhere.
import { afterEach, beforeEach, test } from 'vitest';
import { statSync } from 'node:fs';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { eventually } from '../support/deadline.ts';
import { damagePage, pagesWith } from '../support/damaged-store.ts';

let world: DamagedDaemon;
beforeEach(async () => {
  world = new DamagedDaemon();
  await world.start();
});
afterEach(() => world.end());

test('A page that is damaged under a running daemon is met by a check and healed.', async () => {
  await world.write(120);
  const path = world.path('ledger.db');
  const isWanted = (page: Buffer) => page[0] === 0x0d && page.includes('entry 30 ');
  const [page] = await eventually('the entry to be in the database itself', () => {
    const pages = pagesWith(path, isWanted);
    return pages.length > 0 && pages;
  });
  const inode = statSync(path).ino;
  damagePage(path, page!, (bytes) => bytes.fill(0x5a));
  const check = async () => {
    // A commit makes readers look at the file again.
    await world.write(1).catch(() => undefined);
    await world.verify('ledger').catch(() => undefined);
    return statSync(path, { throwIfNoEntry: false })?.ino !== inode;
  };
  await eventually('a check to meet it', check, 60_000);
  await world.expectService({ lostMax: 20 });
}, 180_000);
