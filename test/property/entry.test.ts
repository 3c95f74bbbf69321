import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#codi/protocol/codec.js';
import { decodeEntries } from '#codi/protocol/entry.js';
import type { EntryRecord } from '#codi/protocol/entry.js';
import { parseJsonText, stringifyJson } from '#codi/protocol/json-text.js';
import { LEVELS } from '#codi/protocol/kinds.js';
import type { BodyOf } from '#codi/protocol/messages.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';
import { jsonFromPacked } from '#codi/protocol/packed-json.js';
import { parseRfc3339 } from '#codi/protocol/timestamp.js';
import { uuidToBytes } from '#codi/protocol/uuid.js';
import { anyPacked, anyText } from '../support/packed-values.ts';

const ID = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';
const TIME = '2025-09-28T00:00:00.123456789Z';
const ports = { newId: () => ID, now: () => ({ seconds: 1, nanos: 2 }) };
type Format = 'msgpack' | 'json';
type Body = BodyOf<'LogBatch'>['entries'][number] & { sequence?: number | null | undefined };

const ORDER = ['level', 'component', 'message', 'metadata', 'session_id'];

/** A field that is mostly right, sometimes missing, sometimes anything. */
function field(right: fc.Arbitrary<unknown>) {
  return fc.oneof(
    { weight: 12, arbitrary: right },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: anyPacked as fc.Arbitrary<unknown> },
  );
}

const longText = fc.tuple(anyText, fc.constantFrom(1, 85, 128, 256, 257)).map(([text, times]) => {
  return text.repeat(times).slice(0, 400);
});
const fields = {
  level: field(fc.constantFrom(...LEVELS)),
  component: field(fc.oneof(anyText, longText)),
  message: field(anyText),
  metadata: field(anyPacked as fc.Arbitrary<unknown>),
  session_id: field(fc.oneof(fc.constant(null), longText)),
};
const sequence = field(fc.oneof(fc.constant(null), fc.maxSafeInteger()));
const time = field(fc.constantFrom(null, TIME, '1999-12-31T23:59:59-01:00', '1999-12-31'));
const entryOf = (last: Record<string, fc.Arbitrary<unknown>>) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ ...fields, ...last, other: fc.option(anyPacked) }) },
    { weight: 1, arbitrary: anyPacked },
  );

/** The wire form of an entry: a map without what is missing, or a list as long as it can be. */
function wireForm(entry: unknown, last: string, isCompact: boolean): PackedValue {
  if (typeof entry !== 'object' || entry === null || entry instanceof Uint8Array) {
    return entry as PackedValue;
  }
  if (Array.isArray(entry)) return entry as PackedValue;
  const map = entry as Record<string, PackedValue | undefined>;
  const present = Object.entries(map).filter(([, value]) => value !== undefined);
  if (!isCompact) return Object.fromEntries(present) as PackedValue;
  return [...ORDER, last].map((name) => map[name] ?? null);
}

function encode(payload: PackedValue, format: Format): Buffer {
  if (format === 'json') {
    const message = { id: ID, timestamp: TIME, payload: jsonFromPacked(payload) };
    return Buffer.from(stringifyJson(message));
  }
  const writer = new MessagePackWriter();
  writer.value({ id: uuidToBytes(ID), timestamp: TIME, payload });
  return writer.take();
}

/** The record that the checked message stands for. */
function recordOf(body: Body, first: number | null): EntryRecord {
  const own = typeof body.timestamp === 'string' ? parseRfc3339(body.timestamp) : undefined;
  const metadata = body.metadata ?? null;
  return {
    ...(own ?? { seconds: 1_759_017_600, nanos: 123_456_789 }),
    level: LEVELS.indexOf(body.level),
    component: body.component,
    message: body.message,
    metadata: metadata === null ? null : stringifyJson(metadata),
    sessionId: body.session_id ?? null,
    sequence: first ?? body.sequence ?? null,
  };
}

/** Key order and spelling of JSON text do not matter, its value does. */
function comparable(record: EntryRecord) {
  const { metadata } = record;
  return { ...record, metadata: metadata === null ? null : parseJsonText(metadata) };
}

const formats = fc.constantFrom<Format>('msgpack', 'json');

describe('the fast decoder of entries', () => {
  it('takes a LogEntry when the schema takes it, and reads the same out of it', () => {
    fc.assert(
      fc.property(entryOf({ sequence }), formats, fc.boolean(), (entry, format, isCompact) => {
        const body = encode({ LogEntry: wireForm(entry, 'sequence', isCompact) }, format);
        const oracle = decodeMessage(body, format);
        const result = decodeEntries(body, format, ports);
        expect(result.ok ? 'taken' : 'refused').toBe(oracle.ok ? 'taken' : 'refused');
        if (!result.ok || !oracle.ok) return;
        const expected = recordOf(oracle.message.payload.body as Body, null);
        expect(result.entries.map(comparable)).toEqual([comparable(expected)]);
        expect(result.id).toBe(ID);
      }),
      { numRuns: 800 },
    );
  });

  it('keeps those entries of a LogBatch that the schema takes alone, in order', () => {
    const batch = fc.array(entryOf({ timestamp: time }), { maxLength: 6 });
    const first = fc.option(fc.nat(1_000));
    fc.assert(
      fc.property(batch, first, formats, fc.boolean(), (entries, start, format, isCompact) => {
        const wire = entries.map((entry) => wireForm(entry, 'timestamp', isCompact));
        const body = encode({ LogBatch: { entries: wire, first_sequence: start } }, format);
        const result = decodeEntries(body, format, ports);
        if (!result.ok) throw result.error;
        const expected = wire.map((entry) =>
          decodeMessage(encode({ LogBatch: { entries: [entry] } }, format), format),
        );
        const records = expected.flatMap((oracle, index) => {
          if (!oracle.ok) return [];
          const [entry] = (oracle.message.payload.body as BodyOf<'LogBatch'>).entries;
          return [comparable(recordOf(entry as Body, start === null ? null : start + index))];
        });
        const refused = expected.flatMap((oracle, index) => (oracle.ok ? [] : [index]));
        expect(result.entries.map(comparable)).toEqual(records);
        expect(result.rejected.map(({ index }) => index)).toEqual(refused);
      }),
      { numRuns: 300 },
    );
  });

  it('answers any bytes with a result, never with an exception', () => {
    const valid = encode({ LogEntry: ['Info', 'c', 'm', { a: [1, 'b'] }] }, 'msgpack');
    const changed = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(changed, formats, (changes, format) => {
        const body = Buffer.from(valid);
        for (const [place, byte] of changes) body[place] = byte;
        expect(typeof decodeEntries(body, format, ports).ok).toBe('boolean');
      }),
      { numRuns: 1_000 },
    );
  });
});
