import { describe, expect, it } from 'vitest';
import { acknowledgmentTemplate, encodeAcknowledgment } from '#codi/protocol/acknowledgment.js';
import { encodeMessage } from '#codi/protocol/codec.js';
import { uuidToBytes } from '#codi/protocol/uuid.js';

const ID = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';
const REQUEST_ID = '00000000-0000-4000-8000-000000000000';
const TIME = { seconds: 1_759_017_600, nanos: 123_000_000 };
const LATER = { seconds: 1_759_017_601, nanos: 0 };

describe.each(['msgpack', 'json'] as const)('acknowledgments as %s', (format) => {
  it.each(['Accepted', 'Queued'] as const)('have the same bytes as any message: %s', (status) => {
    for (const timestamp of [TIME, LATER, TIME]) {
      const body = { request_id: REQUEST_ID, status };
      const payload = { kind: 'Acknowledgment' as const, body };
      const expected = encodeMessage({ id: ID, timestamp, payload }, format);
      const plain = { timestamp, status };
      expect(encodeAcknowledgment({ ...plain, id: ID, requestId: REQUEST_ID }, format)).toEqual(
        expected,
      );
      const binary = { id: uuidToBytes(ID), requestId: uuidToBytes(REQUEST_ID) };
      expect(encodeAcknowledgment({ ...plain, ...binary }, format)).toEqual(expected);
    }
  });

  it('carry reason, code, delay, expected sequence and rejected entries', () => {
    const rejected = [{ index: 3, code: 'CODI_ENTRY_INVALID' as const, reason: 'no level' }];
    const status = { Rejected: 'a gap' };
    const body = {
      request_id: REQUEST_ID,
      status,
      code: 'CODI_SEQUENCE_GAP',
      retry_after_ms: 50,
      expected_sequence: 8,
      rejected,
    };
    const payload = { kind: 'Acknowledgment' as const, body };
    const expected = encodeMessage({ id: ID, timestamp: TIME, payload }, format);
    const answer = { id: ID, timestamp: TIME, requestId: REQUEST_ID, status, rejected };
    const more = { code: 'CODI_SEQUENCE_GAP', retryAfterMs: 50, expectedSequence: 8 };
    expect(encodeAcknowledgment({ ...answer, ...more }, format)).toEqual(expected);
  });

  it('can be written one behind the other into one buffer', () => {
    const template = acknowledgmentTemplate(TIME, 'Accepted', format);
    const target = Buffer.alloc(template.bytes * 2);
    const half = template.write(target, 0, uuidToBytes(ID), uuidToBytes(REQUEST_ID));
    expect(template.write(target, half, uuidToBytes(REQUEST_ID), uuidToBytes(ID))).toBe(
      target.length,
    );
    const one = (id: string, requestId: string) =>
      encodeAcknowledgment({ id, timestamp: TIME, requestId, status: 'Accepted' }, format);
    expect(target).toEqual(Buffer.concat([one(ID, REQUEST_ID), one(REQUEST_ID, ID)]));
  });
});
