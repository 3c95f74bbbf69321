import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ConnectionContext, EntriesMessage } from '#codi/workers/storage/ledger.messages.js';
import { openForReading } from '#codi/workers/storage/open-database.js';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import { acknowledgments, ledgerFixture } from '../support/ledger-fixture.ts';
import { bodyOf, context, entriesMessage, logEntry } from '../support/ledger-thread.ts';

const { path, start, rows } = ledgerFixture();
const producer = context({ connection: 1, producerId: 'p' });
const anonymous = context({ connection: 2 });
const FRAMES_PER_MESSAGE = 10;

describe('a ledger thread that is killed in the middle of its work', () => {
  it('has stored everything it answered, once, and nothing twice after a repeat', async () => {
    const rounds = 30;
    let batch = 0;
    let sent = 0;
    /** What has no answer yet, in order. */
    const pending = new Map<string, readonly [ConnectionContext, Buffer]>();
    const accepted = new Set<string>();
    const addEntries = () => {
      for (let at = 0; at < 120; at++) {
        const isSequenced = at % 2 === 0;
        if (isSequenced) sent += 1;
        const id = randomUUID();
        const entry = isSequenced ? logEntry(`p ${sent}`, { sequence: sent }) : logEntry(`a ${id}`);
        pending.set(id, [isSequenced ? producer : anonymous, bodyOf(entry, id)]);
      }
    };
    for (let round = 0; round <= rounds; round++) {
      const isLast = round === rounds;
      const thread = await start({ groupBytes: 1 });
      if (!isLast) addEntries();
      const frames = [...pending.values()];
      const work: EntriesMessage[] = [];
      for (let at = 0; at < frames.length; at += FRAMES_PER_MESSAGE)
        work.push(entriesMessage(++batch, frames.slice(at, at + FRAMES_PER_MESSAGE)));
      if (isLast) await thread.settle(...work);
      else {
        thread.post(...work);
        // Each message is a group of its own: the kill falls somewhere between the first and the last.
        const seen = 1 + ((round * 7) % (work.length - 1));
        for (let commits = 0; commits < seen; commits++) await thread.next('committed');
        await thread.kill();
      }
      for (const answer of acknowledgments(thread.received)) {
        if (answer.status !== 'Accepted') continue;
        accepted.add(answer.request_id);
        pending.delete(answer.request_id);
      }
    }
    expect(pending.size).toBe(0);
    const stored = rows<{ message: string }>('SELECT message FROM logs ORDER BY id');
    const names = stored.map(({ message }) => message);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(accepted.size);
    const sequenced = names
      .filter((name) => name.startsWith('p '))
      .map((name) => Number(name.slice(2)));
    expect(sequenced).toEqual(Array.from({ length: sent }, (_, at) => at + 1));
    const database = openForReading(path('ledger.db'), 'ledger');
    expect(verifyLastBlocks(database, 'ledger', 100_000)).toMatchObject({ ok: true });
    database.close();
  }, 60_000);
});
