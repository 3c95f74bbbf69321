import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { Piscina } from 'piscina';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FullTextIndex } from '#codi/workers/storage/full-text-index.js';
import { openForReading, openForWriting } from '#codi/workers/storage/open-database.js';
import { ledgerFixture } from '../support/ledger-fixture.ts';
import {
  bodyOf,
  context,
  entriesMessage,
  logEntry,
  type LedgerThread,
} from '../support/ledger-thread.ts';
import { readerPool } from '../support/reader-fixture.ts';

const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'épsilon'];

interface Entry {
  message: string;
  timestamp: string;
  level: string;
}
interface Page {
  rows: Entry[];
  next?: string;
  totalCount?: number;
}

const fixture = ledgerFixture();
const client = context();
let readers: Piscina;
let batch = 0;

beforeEach(() => {
  readers = readerPool(fixture.dataDir());
});

afterEach(() => readers.destroy());

/** Every entry says `common`; times do not follow the order of writing. */
function entries(count: number, from = 0): Entry[] {
  const [picks] = fc.sample(
    fc.array(fc.tuple(fc.constantFrom(...WORDS), fc.integer({ min: 0, max: 3_599 })), {
      minLength: count,
      maxLength: count,
    }),
    1,
  );
  return picks!.map(([word, second], at) => ({
    message: `common ${word} entry${from + at}`,
    level: second % 10 === 0 ? 'Error' : 'Info',
    timestamp: new Date(Date.UTC(2025, 0, 1) + second * 1_000).toISOString(),
  }));
}

function write(thread: LedgerThread, list: readonly Entry[]) {
  const messages = [];
  for (let at = 0; at < list.length; at += 500) {
    const rows = list.slice(at, at + 500).map((entry) => ({ component: 'c', ...entry }));
    const body = bodyOf({ kind: 'LogBatch', body: { entries: rows } } as never);
    messages.push(entriesMessage(++batch, [[client, body]]));
  }
  return thread.settle(...messages);
}

async function page(filter: object, more: object = {}): Promise<Page> {
  return (await readers.run(
    { input: { filter, limit: 700, ...more } },
    { name: 'queryLogs' },
  )) as Page;
}

async function search(filter: object, more: object = {}): Promise<string[]> {
  const messages: string[] = [];
  let cursor: string | undefined;
  do {
    const found = await page(filter, { ...more, cursor });
    messages.push(...found.rows.map(({ message }) => message));
    cursor = found.next;
  } while (cursor !== undefined);
  return messages;
}

async function total(filter: object): Promise<number> {
  let sum = 0;
  let cursor: string | undefined;
  do {
    const part = await page(filter, { count: 'only', cursor });
    sum += part.totalCount ?? 0;
    cursor = part.next;
  } while (cursor !== undefined);
  return sum;
}

const isBuilt = () =>
  expect
    .poll(() => search({ full_text: 'nothing' }).catch((error: { code: string }) => error.code), {
      timeout: 60_000,
    })
    .toEqual([]);
const isThere = () => {
  const database = openForReading(fixture.path('ledger.db'), 'ledger');
  const tables = database.prepare("SELECT 1 FROM sqlite_schema WHERE name LIKE 'logs_fts%'").all();
  database.close();
  return tables.length > 0;
};

describe('full-text search', { timeout: 180_000 }, () => {
  it('finds rare and frequent words in order of time, with every other filter', async () => {
    const thread = await fixture.start({ fullText: true });
    const all = [
      ...entries(6_500),
      { message: 'common needle', timestamp: '2025-01-01T00:30:00Z', level: 'Warn' },
    ];
    await write(thread, all);
    const since = '2025-01-01T00:10:00Z';
    const until = '2025-01-01T00:50:00Z';
    const inRange = ({ timestamp }: Entry) => {
      const ms = Date.parse(timestamp);
      return ms >= Date.parse(since) && ms < Date.parse(until);
    };
    for (const [text, has] of [
      ['needle', (message: string) => message.includes('needle')],
      ['common', () => true],
      ['gam*', (message: string) => message.includes('gamma')],
      ['EPSILON', (message: string) => message.includes('épsilon')],
      ['common -alpha', (message: string) => !message.includes('alpha')],
      ['alpha OR beta', (message: string) => /alpha|beta/.test(message)],
    ] as const) {
      const matching = all.filter((entry) => has(entry.message) && inRange(entry));
      const times = new Map(all.map(({ message, timestamp }) => [message, Date.parse(timestamp)]));
      for (const order of ['oldest', 'newest']) {
        const found = await search({ full_text: text, since, until }, { order });
        expect(new Set(found), text).toEqual(new Set(matching.map(({ message }) => message)));
        expect(found, text).toHaveLength(matching.length);
        const ms = found.map((message) => times.get(message)!);
        expect(ms).toEqual(ms.toSorted((a, b) => (order === 'oldest' ? a - b : b - a)));
      }
      const errors = matching.filter(({ level }) => level === 'Error');
      expect(await search({ full_text: text, since, until, level: 'Error' })).toHaveLength(
        errors.length,
      );
      expect(await total({ full_text: text, since, until })).toBe(matching.length);
      expect(await search({ full_text: text, since, until, after_id: 0 })).toHaveLength(
        matching.length,
      );
    }
  });

  it('is refused with the reason while it is off', async () => {
    await fixture.start();
    await expect(page({ full_text: 'x' })).rejects.toMatchObject({ code: 'CODI_FULL_TEXT_OFF' });
  });

  it('takes in what was written before it was switched on, also over a kill, beside writers', async () => {
    const old = await fixture.start();
    await write(old, entries(8_000));
    await old.stop();
    const database = openForWriting(fixture.path('ledger.db'), 'ledger');
    FullTextIndex.open(database, true);
    database.close();
    await expect(page({ full_text: 'common' })).rejects.toMatchObject({
      code: 'CODI_FULL_TEXT_BUILDING',
      retryable: true,
    });
    const killed = await fixture.start({ fullText: true });
    await write(killed, entries(10, 8_000));
    await killed.kill();
    const thread = await fixture.start({ fullText: true });
    await write(thread, entries(10, 8_010));
    await isBuilt();
    expect(await search({ full_text: 'common' })).toHaveLength(8_020);
    expect(await search({ full_text: 'entry8015' })).toHaveLength(1);
  });

  it('is removed when it is switched off, and whole again when it is switched on', async () => {
    const on = await fixture.start({ fullText: true });
    await write(on, entries(50));
    await on.stop();
    expect(isThere()).toBe(true);
    const off = await fixture.start();
    expect(isThere()).toBe(false);
    await write(off, entries(50, 50));
    await off.stop();
    await fixture.start({ fullText: true });
    await isBuilt();
    expect(await search({ full_text: 'common' })).toHaveLength(100);
  });

  it('takes in what a release without it has written', async () => {
    const on = await fixture.start({ fullText: true });
    await write(on, entries(100));
    await on.stop();
    const database = new Database(fixture.path('ledger.db'));
    database.exec('DELETE FROM logs_fts WHERE rowid > 60');
    database.close();
    await fixture.start({ fullText: true });
    await isBuilt();
    expect(await search({ full_text: 'common' })).toHaveLength(100);
  });

  it('is made anew when it is damaged, and the entry that met the damage is stored', async () => {
    const first = await fixture.start({ fullText: true });
    await write(first, entries(100));
    await first.stop();
    const database = new Database(fixture.path('ledger.db'));
    database.unsafeMode().exec("UPDATE logs_fts_data SET block = x'ff00ff' WHERE id IN (1, 10)");
    database.close();
    const thread = await fixture.start({ fullText: true });
    const answers = await thread.settle(
      entriesMessage(++batch, [[client, bodyOf(logEntry('common after'))]]),
    );
    expect(answers.map(({ type }) => type)).toEqual(['committed']);
    await isBuilt();
    expect(await search({ full_text: 'common' })).toHaveLength(101);
  });
});
