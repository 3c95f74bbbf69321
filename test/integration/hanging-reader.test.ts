import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import Database from 'better-sqlite3';
import { createReaderPool } from '#codi/platform/reader-pool.js';
import { ledgerFixture } from '../support/ledger-fixture.ts';
import { bodyOf, context, entriesMessage, logEntry } from '../support/ledger-thread.ts';

const fixture = ledgerFixture();
const client = context();
let pool: ReturnType<typeof createReaderPool>;
let begunAll: Int32Array;
let batch = 0;

beforeEach(() => {
  begunAll = new Int32Array(new SharedArrayBuffer(4));
  pool = createReaderPool({
    entry: new URL('../fixtures/hanging-reader.mjs', import.meta.url),
    data: { dataDir: fixture.dataDir(), begunAll },
    threadsMax: 1,
    queueMax: 2,
    idleMs: 10_000,
    timeoutMs: 400,
    onFailure: () => undefined,
  });
});

afterEach(() => pool.close());

const hasBegun = (count: number) =>
  expect.poll(() => Atomics.load(begunAll, 0), { timeout: 20_000 }).toBe(count);

describe('a read that does not end', { timeout: 180_000 }, () => {
  it.each(['spin', 'grind'])('%s: is ended and refused, while the writer goes on', async (task) => {
    const thread = await fixture.start();
    const commit = () =>
      thread.settle(entriesMessage(++batch, [[client, bodyOf(logEntry(`entry ${batch}`))]]));
    await commit();
    const read = pool.run(task, 30_000_000);
    const outcome = expect(read).rejects.toMatchObject({
      code: 'CODI_TIMEOUT',
      retryable: true,
      message: expect.stringContaining('was ended'),
    });
    await hasBegun(1);
    // Each of these is answered while the reader is in its transaction.
    for (let at = 0; at < 20; at++) await commit();
    await outcome;
    // The next read has a thread of its own and sees them all.
    expect(await pool.run('count', null)).toBe(21);
  });

  it('no longer keeps the write-ahead log from being emptied', async () => {
    const thread = await fixture.start();
    await thread.settle(entriesMessage(++batch, [[client, bodyOf(logEntry('one'))]]));
    const read = pool.run('spin', null).catch(() => undefined);
    await hasBegun(1);
    await thread.settle(entriesMessage(++batch, [[client, bodyOf(logEntry('two'))]]));
    const database = new Database(fixture.path('ledger.db'));
    const isEmptied = () =>
      (database.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }])[0].busy === 0;
    expect(isEmptied()).toBe(false);
    await read;
    await expect.poll(isEmptied, { timeout: 20_000 }).toBe(true);
    database.close();
  });

  it('costs those that wait behind it nothing but time; when too many wait, one more is refused', async () => {
    const thread = await fixture.start();
    await thread.settle(entriesMessage(++batch, [[client, bodyOf(logEntry('one'))]]));
    const hanging = pool.run('spin', null).catch((error: { code: string }) => error.code);
    await hasBegun(1);
    const waiting = [pool.run('count', null), pool.run('count', null)];
    await expect(pool.run('count', null)).rejects.toMatchObject({ code: 'CODI_OVERLOADED' });
    expect(await hanging).toBe('CODI_TIMEOUT');
    expect(await Promise.all(waiting)).toEqual([1, 1]);
  });
});
