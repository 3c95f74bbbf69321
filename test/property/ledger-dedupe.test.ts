import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timestampFromMs } from '#codi/protocol/timestamp.js';
import { FrameIds } from '#codi/workers/storage/frame-ids.js';
import { LedgerStore } from '#codi/workers/storage/ledger-store.js';
import { openLedger } from '../support/ledger-store.ts';
import {
  bodyOf,
  context,
  decodeAnswers,
  entriesMessage,
  unpackAnswers,
} from '../support/ledger-thread.ts';

const LONG = 'x'.repeat(5_000);
const PORTS = { frameIds: new FrameIds('property'), now: () => timestampFromMs(0) };

/** A message: of a producer with sequence numbers, or of nobody with an id that may come again. */
const message = fc.record({
  producer: fc.constantFrom('p', 'q', null),
  first: fc.integer({ min: 1, max: 12 }),
  count: fc.integer({ min: 1, max: 4 }),
  id: fc.integer({ min: 0, max: 15 }),
});
const group = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 6 }),
  isDiskFull: fc.boolean(),
  reopens: fc.boolean(),
});
type Sent = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

/** What a ledger must hold, said as simply as possible. */
class Model {
  stored: string[] = [];
  highest = new Map<string, number>();
  ids = new Set<number>();

  copy(): Model {
    const copy = new Model();
    copy.stored = [...this.stored];
    copy.highest = new Map(this.highest);
    copy.ids = new Set(this.ids);
    return copy;
  }

  take({ producer, first, count, id }: Sent): string {
    const names = namesOf({ producer, first, count, id });
    if (producer === null) {
      if (!this.ids.has(id)) this.stored.push(...names);
      this.ids.add(id);
      return 'Accepted';
    }
    const highest = this.highest.get(producer) ?? 0;
    if (first > highest + 1) return `gap, expects ${highest + 1}`;
    this.stored.push(...names.slice(Math.max(0, highest + 1 - first)));
    this.highest.set(producer, Math.max(highest, first + count - 1));
    return 'Accepted';
  }
}

function namesOf({ producer, first, count, id }: Sent): string[] {
  return Array.from({ length: count }, (_, at) =>
    producer === null ? `id ${id} ${at}` : `${producer} ${first + at}`,
  );
}

function bodyFor(run: number, sent: Sent): Buffer {
  const entries = namesOf(sent).map((name) => ({
    level: 'Info',
    component: `${run} ${name}`,
    message: LONG,
  }));
  const more = sent.producer === null ? {} : { first_sequence: sent.first };
  const id = `0000000${sent.producer === null ? 0 : 1}-0000-4000-8000-${String(run * 100 + sent.id).padStart(12, '0')}`;
  return bodyOf({ kind: 'LogBatch', body: { entries, ...more } } as never, id);
}

function answersOf(answers: ReturnType<LedgerStore['commit']>['answers']): string[] {
  const encoded = answers.encode({ seconds: 0, nanos: 0 }, Buffer.alloc(16));
  return decodeAnswers(unpackAnswers(encoded)).map(({ message: { payload } }) => {
    if (payload.kind !== 'Acknowledgment') return payload.kind;
    const { status, expected_sequence: expected } = payload.body;
    return typeof status === 'string' ? status : `gap, expects ${expected}`;
  });
}

describe('the ledger', () => {
  it('stores each entry once, in order, over repeats, gaps, full disks and reopening', () => {
    const ledger = openLedger();
    let { store } = ledger;
    let run = 0;
    const setPageLimit = (pages: number) => ledger.database.pragma(`max_page_count = ${pages}`);
    fc.assert(
      fc.property(fc.array(group, { maxLength: 8 }), (groups) => {
        run += 1;
        let model = new Model();
        for (const { messages, isDiskFull, reopens } of groups) {
          if (reopens) store = new LedgerStore(ledger.database, { dataDir: ledger.dataDir }, PORTS);
          const next = model.copy();
          const expected = messages.map((sent) => next.take(sent));
          const frames = messages.map((sent) => {
            const producerId = sent.producer === null ? null : `${run} ${sent.producer}`;
            return [context({ producerId }), bodyFor(run, sent)] as const;
          });
          const before = store.heads;
          try {
            if (isDiskFull) setPageLimit(1); // SQLite takes it as the present size
            const { answers } = store.commit([entriesMessage(run, frames)], 1_000);
            expect(answersOf(answers)).toEqual(expected);
            model = next;
          } catch (error) {
            if ((error as { code?: unknown }).code !== 'SQLITE_FULL') throw error;
            expect(isDiskFull).toBe(true);
            expect(store.heads).toEqual(before);
          } finally {
            setPageLimit(2 ** 30);
          }
        }
        const stored = ledger.database
          .prepare('SELECT substr(component, ?) FROM logs WHERE component GLOB ? ORDER BY id')
          .pluck()
          .all(`${run} `.length + 1, `${run} *`);
        expect(stored).toEqual(model.stored);
      }),
      { numRuns: 60 },
    );
    ledger.close();
  });
});
