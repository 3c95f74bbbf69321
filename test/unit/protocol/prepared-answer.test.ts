import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import type { Message, Payload } from '#codi/protocol/messages.js';
import { PreparedAnswer } from '#codi/protocol/prepared-answer.js';

const TIME = { seconds: 1_700_000_000, nanos: 5 };
const REQUEST_ID = '01234567-89ab-4cde-8f01-23456789abcd';

function statusOf(name: string): Payload {
  const body = {
    components: [{ name, state: 'running', restarts: 0 }],
    uptime: { secs: 0, nanos: 0 },
    reasons: ['\0'.repeat(64), '\u00ff'.repeat(64)],
    clients: { connected: 0 },
  };
  return { kind: 'Status', body } as Payload;
}

describe.each(['msgpack', 'json'] as const)('a prepared answer in %s', (format) => {
  const read = (frame: Buffer): Message => {
    const body = format === 'json' ? frame.subarray(0, -1) : frame.subarray(4);
    const decoded = decodeMessage(body, format);
    if (!decoded.ok) throw decoded.error;
    return decoded.message;
  };

  it('is for each who asks what encoding it for him would give', () => {
    const payload = statusOf('core');
    const answer = new PreparedAnswer(payload, { newId: randomUUID, now: () => TIME });
    const seen = new Set<string>();
    for (const requestId of [REQUEST_ID, randomUUID(), REQUEST_ID]) {
      const frame = answer.encode(requestId, format);
      const { id } = read(frame);
      seen.add(id);
      const body = { ...payload.body, request_id: requestId };
      const message = { id, timestamp: TIME, payload: { kind: 'Status', body } } as Message;
      expect(frame).toEqual(encodeMessage(message, format));
    }
    expect(seen.size).toBe(3);
  });

  it('is not mistaken where it holds an id that somebody asked with', () => {
    const answer = new PreparedAnswer(statusOf(REQUEST_ID), { newId: randomUUID, now: () => TIME });
    answer.encode(REQUEST_ID, format);
    const { payload } = read(answer.encode(randomUUID(), format));
    expect(payload.body).toMatchObject({ components: [{ name: REQUEST_ID }] });
  });
});
