import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import { ANSWER_KINDS, LEVELS } from '#codi/protocol/kinds.js';
import type { Message, Payload } from '#codi/protocol/messages.js';
import { peekKind } from '#codi/protocol/peek.js';
import { formatRfc3339, parseRfc3339 } from '#codi/protocol/timestamp.js';
import { jsonFromPacked } from '#codi/protocol/packed-json.js';
import { scanMessagePack } from '#codi/protocol/msgpack-scan.js';
import { anyPacked, anyText } from '../support/packed-values.ts';

const timestamp = fc.record({
  seconds: fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }),
  nanos: fc.oneof(fc.constantFrom(0, 1, 1_000, 120_000_000), fc.nat(999_999_999)),
});
const count = fc.maxSafeInteger().map(Math.abs);
const time = timestamp.map(formatRfc3339);
const json = anyPacked.map((value) => withPlainNumbers(jsonFromPacked(value)));
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value);
const shortText = anyText.map((text) => [...text].slice(0, 20).join(''));

const bodies: { [Kind in Payload['kind']]?: fc.Arbitrary<unknown> } = {
  LogEntry: fc.record(
    {
      level: fc.constantFrom(...LEVELS),
      component: shortText,
      message: anyText,
      metadata: maybe(json),
      session_id: maybe(shortText),
      sequence: maybe(count),
    },
    { requiredKeys: ['level', 'component', 'message'] },
  ),
  StartMonitoring: fc.record({
    path: shortText,
    recursive: fc.boolean(),
    patterns: fc.array(shortText),
  }),
  QueryLogs: fc.record({
    filter: fc.record(
      { level: maybe(fc.constantFrom(...LEVELS)), since: time },
      { requiredKeys: [] },
    ),
    limit: fc.integer({ min: 1, max: 10_000 }),
  }),
  Acknowledgment: fc.record({
    request_id: fc.uuid(),
    status: fc.oneof(fc.constantFrom('Accepted', 'Queued'), fc.record({ Rejected: anyText })),
  }),
  Error: fc.record(
    { code: anyText, message: anyText, details: maybe(json), request_id: maybe(fc.uuid()) },
    { requiredKeys: ['code', 'message'] },
  ),
  Follow: fc.record({
    streams: fc.constantFrom(['logs'], ['events', 'logs']),
    from: maybe(fc.record({ logs: count, events: count }, { requiredKeys: [] })),
  }),
  Unfollow: fc.record({ request_id: fc.uuid() }),
  Health: fc.constant({}),
};

const message: fc.Arbitrary<Message> = fc.record({
  id: fc.uuid(),
  timestamp,
  payload: fc.oneof(
    ...Object.entries(bodies).map(([kind, body]) => body.map((value) => ({ kind, body: value }))),
  ) as fc.Arbitrary<Payload>,
});
const formats = fc.constantFrom('msgpack' as const, 'json' as const);

/** JSON text has no -0, and does not tell a float of 2^53 or more from an integer. */
function withPlainNumbers<Value>(value: Value): Value {
  if (Object.is(value, -0)) return 0 as Value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 0.5 as Value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withPlainNumbers) as Value;
  const pairs = Object.entries(value).map(([key, item]) => [key, withPlainNumbers(item)] as const);
  return Object.fromEntries(pairs) as Value;
}

function bodyOf(frame: Buffer, format: 'msgpack' | 'json'): Buffer {
  return format === 'json' ? frame.subarray(0, -1) : frame.subarray(4);
}

describe('the codec', () => {
  it('gives back every message as it was, on both formats', () => {
    fc.assert(
      fc.property(message, formats, (original, format) => {
        const body = bodyOf(encodeMessage(original, format), format);
        const result = decodeMessage(body, format);
        if (!result.ok) throw result.error;
        expect(result.message).toEqual(original);
        expect(encodeMessage(result.message, format).subarray(format === 'json' ? 0 : 4)).toEqual(
          format === 'json' ? Buffer.concat([body, Buffer.from('\n')]) : body,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('has one line per JSON message, and MessagePack that the scan passes', () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(encodeMessage(original, 'json').indexOf(0x0a)).toBe(
          encodeMessage(original, 'json').length - 1,
        );
        expect(scanMessagePack(encodeMessage(original, 'msgpack').subarray(4))).toBeUndefined();
      }),
    );
  });

  it('takes what it has peeked at: the kind is the same', () => {
    fc.assert(
      fc.property(message, formats, (original, format) => {
        const body = bodyOf(encodeMessage(original, format), format);
        expect(peekKind(body, format)).toEqual({ kind: original.payload.kind });
      }),
    );
  });

  it('answers changed bytes with a message or a typed error, and peeks without an exception', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
    fc.assert(
      fc.property(message, formats, formats, changes, (original, format, readAs, places) => {
        const body = Buffer.from(bodyOf(encodeMessage(original, format), format));
        for (const [place, byte] of places) body[place % body.length] = byte;
        const { kind } = peekKind(body, readAs);
        const result = decodeMessage(body, readAs);
        if (result.ok) expect(result.message.payload.kind).toBe(kind);
        else expect(result.error.code).toMatch(/^CODI_/);
      }),
      { numRuns: 1_000 },
    );
  });

  it('peeks at any bytes within work that their number bounds', () => {
    const heads = fc.constantFrom(0x93, 0xdf, 0xdd, 0x81, 0x7b, 0x22, 0x5b, 0xc4, 0xa7);
    const bytes = fc.array(fc.oneof(heads, fc.nat(255)), { maxLength: 80 });
    fc.assert(
      fc.property(bytes, formats, (list, format) => {
        const { kind } = peekKind(Buffer.from(list), format);
        expect(kind === undefined || kind.length <= 64).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('knows answers from requests', () => {
    expect(ANSWER_KINDS).toContain('Acknowledgment');
    expect(ANSWER_KINDS).not.toContain('LogEntry');
  });

  it('reads every time it writes as the same time', () => {
    fc.assert(
      fc.property(timestamp, (value) => {
        expect(parseRfc3339(formatRfc3339(value))).toEqual(value);
        const date = new Date(value.seconds * 1000).toISOString().slice(0, 19);
        expect(formatRfc3339(value).slice(0, 19)).toBe(date);
      }),
    );
  });
});
