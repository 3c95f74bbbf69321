import { describe, expect, it } from 'vitest';
import { ledgerFixture } from '../support/ledger-fixture.ts';
import { bodyOf, context, entriesMessage, logEntry } from '../support/ledger-thread.ts';

const { start, rows } = ledgerFixture();
const message = (batch: number, text: string) =>
  entriesMessage(batch, [[context(), bodyOf(logEntry(text))]]);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a commit group', () => {
  it('holds no more than its limit, so that a flood is many small commits', async () => {
    const thread = await start({ groupBytes: 4_000 });
    for (let batch = 1; batch <= 20; batch++) thread.post(message(batch, 'x'.repeat(1_000)));
    const groups: number[][] = [];
    while (groups.flat().length < 20) groups.push((await thread.next('committed')).batches);
    expect(Math.max(...groups.map((batches) => batches.length))).toBeLessThanOrEqual(4);
    expect(groups.flat()).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  });

  it('waits for company as long as it was asked to', async () => {
    const thread = await start({ groupDelayMs: 3_000 });
    for (let batch = 1; batch <= 3; batch++) {
      thread.post(message(batch, 'x'));
      await turn();
    }
    expect((await thread.next('committed')).batches).toEqual([1, 2, 3]);
  });

  it('that is full, or the last before the end, does not wait', async () => {
    const thread = await start({ groupDelayMs: 3_600_000, groupBytes: 2_000 });
    thread.post(message(1, 'x'));
    thread.post(message(2, 'x'.repeat(2_000)));
    expect((await thread.next('committed')).batches).toEqual([1]);
    expect((await thread.next('committed')).batches).toEqual([2]);
    thread.post(message(3, 'last'));
    thread.post({ type: 'stop' });
    expect(await thread.exited).toBe(0);
    expect(rows('SELECT count(*) AS count FROM logs')).toEqual([{ count: 3 }]);
  });
});
