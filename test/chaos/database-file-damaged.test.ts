// Given a daemon that is stopped. Break: ledger.db is replaced by noise, by nothing, by a directory, or is cut off.
// Expect at the next start: each is named, what is left is found, and no number is given twice.
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'vitest';
import { DamagedDaemon } from '../support/damaged-daemon.ts';

let world: DamagedDaemon;
beforeEach(async () => {
  world = new DamagedDaemon();
  await world.start();
  await world.write(60);
  await world.daemon!.stop();
});
afterEach(() => world.end());

const DAMAGES: [what: string, (path: string) => void][] = [
  ['noise', (path) => writeFileSync(path, Buffer.alloc(100_000, 'noise'))],
  ['an empty file', (path) => truncateSync(path)],
  ['half of itself', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  ['nothing', (path) => rmSync(path)],
  [
    'a directory',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

test.each(DAMAGES)(
  'A ledger that became %s is named, and the daemon serves.',
  async (_, spoil) => {
    spoil(world.path('ledger.db'));
    await world.start();
    await world.expectService({ lostMax: 60 });
  },
  180_000,
);
