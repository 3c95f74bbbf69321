import { expect, test } from 'vitest';
import { openInMemory } from '#codi/workers/storage/open-database.js';
import { tablesOf } from '#codi/workers/storage/salvage/row-shapes.js';
import { SalvageTarget } from '#codi/workers/storage/salvage/salvage-target.js';

/** Serial types of a record: NULL, a small integer, a short text. */
const [NULL, INTEGER, TEXT] = [0, 1, 15];

test('A row from before a column was added is known, and gets NULL there.', () => {
  const session = ['s', 'ana', null, 1, 2, null, null, null, null, null, 7];
  const types = session.map((value) =>
    value === null ? NULL : typeof value === 'number' ? INTEGER : TEXT,
  );
  expect(tablesOf('state', types, false)).toEqual(['sessions']);
  const database = openInMemory('state');
  const target = new SalvageTarget(database, 1_000);
  target.insert('sessions', session);
  target.finish();
  expect(database.prepare('SELECT * FROM sessions').get()).toMatchObject({
    id: 's',
    revision: 7,
    process: null,
    ended_by: null,
  });
  database.close();
});
