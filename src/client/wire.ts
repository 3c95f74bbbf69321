import type { readPayload } from '../protocol/codec.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import { FRAME_LIMIT_BYTES } from '../protocol/frame.ts';
import type { RequestKind } from '../protocol/kinds.ts';
import { LIST_SCAN_LIMITS } from '../protocol/limits.ts';
import type { BodyOf, Payload } from '../protocol/messages.ts';
import { MessagePackCursor } from '../protocol/msgpack-cursor.ts';
import { readValue } from '../protocol/msgpack-decode.ts';
import type { PackedValue } from '../protocol/msgpack-decode.ts';
import { MessagePackWriter } from '../protocol/msgpack-encode.ts';
import { scanMessagePack } from '../protocol/msgpack-scan.ts';
import { jsonFromPacked } from '../protocol/packed-json.ts';
import { enterPackedPayload } from '../protocol/packed-envelope.ts';
import { uuidFromBytes, uuidToBytes } from '../protocol/uuid.ts';

// The codec checks every kind of message against its schema, and loading the schemas takes longer
// than writing an entry. What a program that only logs needs is therefore read and written here.

type Fields = Record<string, PackedValue>;

/** What an answer says (nobody needs its own id and time), or why it could not be read. */
export type AnswerResult = { ok: true; payload: Payload } | { ok: false; error: CodiError };

const PREFIX_BYTES = 4;
const writer = new MessagePackWriter();
let readFully: typeof readPayload | undefined;

/** So that who asks again and again need not wait for what is there. */
export function isAnswerCodecLoaded(): boolean {
  return readFully !== undefined;
}

/** Must have resolved before a request is sent whose answer carries rows or a status. */
export async function loadAnswerCodec(): Promise<void> {
  readFully ??= (await import('../protocol/codec.ts')).readPayload;
}

/**
 * Encodes a request as a whole frame.
 *
 * @throws CodiError CODI_FRAME_TOO_LARGE
 */
export function encodeRequest<Kind extends RequestKind>(
  id: string,
  time: string,
  kind: Kind,
  body: BodyOf<Kind>,
): Buffer {
  writer.clear();
  writer.mapHead(3);
  writer.string('id');
  writer.uuid(id);
  writer.string('timestamp');
  writer.string(time);
  writer.string('payload');
  writer.mapHead(1);
  writer.string(kind);
  writer.value(withBinaryId(body) as PackedValue);
  const frame = writer.take(PREFIX_BYTES);
  const bytes = frame.length - PREFIX_BYTES;
  if (bytes > FRAME_LIMIT_BYTES) {
    throw new CodiError('CODI_FRAME_TOO_LARGE', { bytes, limitBytes: FRAME_LIMIT_BYTES });
  }
  frame.writeUInt32LE(bytes, 0);
  return frame;
}

/** Decodes the body of one frame from the daemon. Nothing that it gives is a view of the frame. */
export function decodeAnswer(frame: Buffer): AnswerResult {
  const fault = scanMessagePack(frame, LIST_SCAN_LIMITS);
  if (fault) return { ok: false, error: fault };
  const cursor = new MessagePackCursor(frame);
  const kind = enterPackedPayload(cursor);
  if (kind === undefined) return unreadable('what is no answer');
  const body = readValue(cursor);
  const fields = fieldsOf(body);
  const read = fields && Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (fields && read) {
    const payload = read(fields);
    return payload ? { ok: true, payload } : unreadable('an answer with wrong fields');
  }
  if (!readFully) return unreadable(`a ${kind} answer that nobody asked for`);
  try {
    return { ok: true, payload: readFully(kind, body) };
  } catch (error) {
    if (!isCodiError(error)) throw error;
    return { ok: false, error };
  }
}

/** The request that an answer belongs to. */
export function requestIdOf({ body }: Payload): string | undefined {
  const { request_id: requestId } = body as { request_id?: unknown };
  return typeof requestId === 'string' ? requestId : undefined;
}

type Reader = (body: Fields) => Payload | undefined;

const READERS: Readonly<Record<string, Reader>> = {
  Acknowledgment: (body) => {
    const requestId = uuidOf(body['request_id']);
    const status = statusOf(body['status']);
    const rejected = rejectedOf(body['rejected']);
    if (requestId === undefined || status === undefined || rejected === undefined) return undefined;
    const code = textOf(body['code']) ?? null;
    const retryAfterMs = numberOf(body['retry_after_ms']) ?? null;
    const expected = numberOf(body['expected_sequence']) ?? null;
    return {
      kind: 'Acknowledgment',
      body: {
        request_id: requestId,
        status,
        code,
        retry_after_ms: retryAfterMs,
        expected_sequence: expected,
        rejected,
      },
    };
  },
  Welcome: (body) => {
    const limits = fieldsOf(body['limits']);
    const version = numberOf(body['version']);
    const window = numberOf(limits?.['window']);
    const frameBytes = numberOf(limits?.['frame_bytes']);
    const sequence = numberOf(body['producer_sequence']);
    if (version === undefined || window === undefined) return undefined;
    if (frameBytes === undefined || sequence === undefined) return undefined;
    return {
      kind: 'Welcome',
      body: {
        version,
        server: textOf(body['server']) ?? '',
        producer_sequence: sequence,
        limits: { frame_bytes: frameBytes, window },
        request_id: uuidOf(body['request_id']) ?? null,
      },
    };
  },
  Error: (body) => {
    const code = textOf(body['code']);
    const message = textOf(body['message']);
    const details = fieldsOf(body['details']);
    if (code === undefined || message === undefined) return undefined;
    return {
      kind: 'Error',
      body: {
        code,
        message,
        details: details ? jsonFromPacked(details) : null,
        hint: textOf(body['hint']) ?? null,
        retryable: body['retryable'] === true,
        request_id: uuidOf(body['request_id']) ?? null,
      },
    };
  },
};

function unreadable(what: string): AnswerResult {
  const reason = `the daemon sent ${what}`;
  return { ok: false, error: new CodiError('CODI_MESSAGE_INVALID', { reason }) };
}

/** Unfollow alone carries an id in its body; ids travel as 16 bytes. */
function withBinaryId(body: object): object {
  if (!('request_id' in body) || typeof body.request_id !== 'string') return body;
  return { ...body, request_id: uuidToBytes(body.request_id) };
}

function statusOf(value: PackedValue | undefined) {
  if (value === 'Accepted' || value === 'Queued') return value;
  const reason = textOf(fieldsOf(value)?.['Rejected']);
  return reason === undefined ? undefined : { Rejected: reason };
}

function rejectedOf(value: PackedValue | undefined) {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return undefined;
  const rows = value.map((item) => {
    const row = fieldsOf(item);
    const index = numberOf(row?.['index']);
    const code = textOf(row?.['code']);
    if (index === undefined || code === undefined) return undefined;
    return { index, code, reason: textOf(row?.['reason']) ?? code };
  });
  return rows.some((row) => row === undefined)
    ? undefined
    : rows.filter((row) => row !== undefined);
}

function fieldsOf(value: PackedValue | undefined): Fields | undefined {
  const isFields =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array);
  return isFields ? value : undefined;
}

function textOf(value: PackedValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: PackedValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function uuidOf(value: PackedValue | undefined): string | undefined {
  if (value instanceof Uint8Array && value.length === 16) return uuidFromBytes(value);
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}
