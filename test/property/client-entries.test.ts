import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LogSlab } from '#codi/client/log-slab.js';
import { numberParcel, sealParcel } from '#codi/client/parcel.js';
import { decodeMessage } from '#codi/protocol/codec.js';
import { decodeEntries } from '#codi/protocol/entry.js';
import { formatRfc3339 } from '#codi/protocol/timestamp.js';

const PREFIX_BYTES = 4;
const ports = {
  newId: () => {
    throw new Error('the message has an id');
  },
  now: () => {
    throw new Error('the message has a time');
  },
};

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const metadata = fc.option(
  fc.dictionary(
    text(40),
    fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom(undefined, () => 1, Number.NaN, -0, new Date(0)),
      fc.array(fc.constantFrom(undefined, 1, Symbol('s'))),
    ),
    { maxKeys: 20 },
  ),
  { nil: undefined },
);
const entry = fc.record(
  {
    level: fc.constantFrom('Trace', 'Debug', 'Info', 'Warn', 'Error'),
    component: text(80),
    message: fc.oneof(text(20), text(200), text(300)),
    metadata,
    session_id: fc.option(text(40)),
    timestamp: fc
      .record({ seconds: fc.integer({ min: 0, max: 2 ** 32 }), nanos: fc.nat(999_999_999) })
      .map(formatRfc3339),
  },
  { requiredKeys: ['level', 'component', 'message'] },
);
const wellFormed = (value: string) => Buffer.from(value).toString();
const asJson = (value: unknown) => JSON.parse(wellFormed(JSON.stringify(value ?? null)));
const waiter = { accept: () => undefined, refuse: () => undefined };

describe('entries as the client sends them', () => {
  it('say to the zod schema and to the ledger what was handed in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(entry, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 100 }),
        (entries, firstSequence) => {
          const slab = new LogSlab();
          const nowMs = 1_700_000_000_123;
          for (const [index, [input, afterMs]] of entries.entries()) {
            expect(slab.add(input as never, nowMs + afterMs, index + 1, waiter)).toBeUndefined();
          }
          const baseMs = nowMs + entries[0]![1];
          const first = slab.take(5, 100_000);
          const parcels = [sealParcel(first, randomUUID(), 1)];
          for (let at = first.waiters.length; at < entries.length;) {
            const run = slab.take(5, 100_000);
            expect(run.firstOrdinal).toBe(at + 1);
            parcels.push(sealParcel(run, randomUUID(), 1));
            at += run.waiters.length;
          }
          let sent = 0;
          for (const parcel of parcels) {
            const id = randomUUID();
            numberParcel(parcel, id, firstSequence + sent);
            const body = parcel.frame.subarray(PREFIX_BYTES);
            expect(parcel.frame.readUInt32LE(0)).toBe(body.length);
            const whole = decodeMessage(body, 'msgpack') as any;
            const stored = decodeEntries(body, 'msgpack', ports) as any;
            expect(whole.message.id).toBe(id);
            expect(whole.message.timestamp).toEqual(stamp(baseMs));
            expect(whole.message.payload.body.first_sequence).toBe(firstSequence + sent);
            expect(stored.rejected).toEqual([]);
            for (const [index, record] of stored.entries.entries()) {
              const [input, afterMs] = entries[sent + index]!;
              const named = whole.message.payload.body.entries[index];
              const time = input.timestamp ?? formatRfc3339(stamp(nowMs + afterMs));
              expect(named.level).toBe(input.level);
              expect(named.message).toBe(wellFormed(input.message));
              expect(record.component).toBe(wellFormed(input.component));
              expect(record.message).toBe(wellFormed(input.message));
              expect(record.sessionId).toBe(
                input.session_id == null ? null : wellFormed(input.session_id),
              );
              expect(formatRfc3339(record)).toBe(time);
              expect(record.sequence).toBe(firstSequence + sent + index);
              expect(JSON.parse(record.metadata ?? 'null')).toEqual(asJson(input.metadata));
            }
            sent += stored.entries.length;
          }
          expect(sent).toBe(entries.length);
        },
      ),
    );
  });
});

function stamp(unixMs: number) {
  const seconds = Math.floor(unixMs / 1_000);
  return { seconds, nanos: (unixMs - seconds * 1_000) * 1e6 };
}
