// Given a daemon that is stopped. Break: one page of ledger.db is overwritten: one that holds entries, blocks, ranges,
// an index, an inner page, the schema. Expect at the next start: it serves; what stood on other pages is found, what
// stood on this one is named as lost or was found elsewhere; it is degraded and says why until the files are moved.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { damagePage } from '../support/damaged-store.ts';
import { pagesOfTable } from '../support/salvaged.ts';

let world: DamagedDaemon;
beforeEach(async () => {
  world = new DamagedDaemon();
  await world.start();
  await world.write(150);
  await world.daemon!.stop();
});
afterEach(() => world.end());

const PAGES: [what: string, table: string, which: 'first' | 'last', lostMax: number][] = [
  ['newest entries', 'logs', 'last', 20],
  ['inner page of the entries', 'logs', 'first', 0],
  ['newest blocks', 'blocks', 'last', 0],
  ['ranges of blocks', 'block_ranges', 'last', 0],
  ['schema and header', 'sqlite_schema', 'first', 0],
  ['an index', 'logs_time', 'last', 0],
];

test.each(PAGES)(
  'A damaged page of %s is healed.',
  async (_what, table, which, lostMax) => {
    const pages = pagesOfTable(world.path('ledger.db'), table);
    const page = which === 'first' ? Math.min(...pages) : Math.max(...pages);
    damagePage(world.path('ledger.db'), page, (bytes) => bytes.fill(0xa5));
    await world.start();
    // A page that nothing looks at when a ledger is opened is met by a check.
    await world.verify('ledger');
    if (table === 'logs_time') await world.entries().catch(() => undefined);
    await world.expectService({ lostMax });
    for (const name of readdirSync(world.place.dataDir))
      if (name.includes('.corrupt.')) renameSync(world.path(name), join(world.place.home, name));
    const { reasons } = await world.status();
    expect((reasons ?? []).filter((reason) => reason.includes('is healed'))).toEqual([]);
  },
  180_000,
);
