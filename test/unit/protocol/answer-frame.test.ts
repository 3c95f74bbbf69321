import { expect, it } from 'vitest';
import { encodeBareAnswer } from '#codi/protocol/answer-frame.js';
import { encodeMessage } from '#codi/protocol/codec.js';
import { CodiError } from '#codi/protocol/errors.js';
import { uuidToBytes } from '#codi/protocol/uuid.js';

const ID = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';
const TIME = { seconds: 1_759_017_600, nanos: 123_000_000 };
const ERRORS = [
  new CodiError('CODI_MESSAGE_INVALID', { reason: 'a "quoted" one\u0007 with 😀' }),
  new CodiError('CODI_FRAME_TOO_LARGE', { bytes: 2 ** 40, limitBytes: 16 }),
  new CodiError('CODI_SHUTTING_DOWN'),
];

it.each(['msgpack', 'json'] as const)(
  'An error has the same bytes as any message: %s.',
  (format) => {
    for (const error of ERRORS) {
      const body = { ...error.toWire(), request_id: null };
      const payload = { kind: 'Error' as const, body } as never;
      const answer = {
        timestamp: TIME,
        requestId: null,
        kind: 'Error' as const,
        body: (request_id: null) => ({ ...error.toWire(), request_id }),
      };
      const expected = encodeMessage({ id: ID, timestamp: TIME, payload }, format);
      expect(encodeBareAnswer({ ...answer, id: ID }, format)).toEqual(expected);
      expect(encodeBareAnswer({ ...answer, id: uuidToBytes(ID) }, format)).toEqual(expected);
    }
  },
);
