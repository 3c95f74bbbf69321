import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeAnswer, loadAnswerCodec } from '#codi/client/wire.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';
import { anyPacked, anyText } from '../support/packed-values.ts';

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
const time = '2026-01-02T03:04:05.678Z';
const row = fc.record({
  id: fc.nat(),
  timestamp: fc.constant(time),
  level: fc.constant('Info'),
  component: anyText,
  message: anyText,
  metadata: anyPacked,
});
/** With binary wherever any value may stand, and in fields that nobody knows. */
const answers = fc.oneof(
  fc.record({
    Error: fc.record({
      code: anyText,
      message: anyText,
      details: anyPacked,
      request_id: id,
      more: anyPacked,
    }),
  }),
  fc.record({
    Acknowledgment: fc.record({
      request_id: id,
      status: fc.oneof(fc.constant('Accepted'), fc.record({ Rejected: anyText })),
      more: anyPacked,
    }),
  }),
  fc.record({
    LogResults: fc.record({
      entries: fc.array(row, { maxLength: 3 }),
      total_count: fc.nat(),
      request_id: id,
      more: anyPacked,
    }),
  }),
);

describe('answers', () => {
  beforeAll(loadAnswerCodec);

  it('keep nothing of the bytes that they were read from, which the next ones overwrite', () => {
    const writer = new MessagePackWriter();
    fc.assert(
      fc.property(id, answers, (ownId, payload) => {
        writer.clear();
        writer.value({ id: ownId, timestamp: time, payload } as PackedValue);
        const frame = writer.take();
        const answer = decodeAnswer(frame);
        expect(answer.ok).toBe(true);
        const before = structuredClone(answer);
        frame.fill(0xff);
        expect(answer).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });
});
