import { messageError } from './envelope.ts';
import type { CodiError } from './errors.ts';
import { KeyTexts } from './key-texts.ts';
import type { MessagePackCursor } from './msgpack-cursor.ts';
import { parseRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';
import { isUuid, uuidToBytes } from './uuid.ts';

const ID_KEY = Buffer.from('id');
const TIMESTAMP_KEY = Buffer.from('timestamp');
const PAYLOAD_KEY = Buffer.from('payload');
const kinds = new KeyTexts();

export type PackedEnvelope =
  | {
      readonly ok: true;
      readonly idBytes: Buffer;
      readonly timestamp: Timestamp;
      /** As the sender wrote it, so perhaps none that exists. */
      readonly kind: string;
    }
  | { readonly ok: false; readonly error: CodiError; readonly idBytes?: Buffer };

/** Reads what is around the payload of a scanned message and leaves the cursor at its body. */
export function readPackedEnvelope(cursor: MessagePackCursor): PackedEnvelope {
  const places = locate(cursor);
  if (places === undefined) {
    return { ok: false, error: messageError('it must be a map of id, timestamp and payload') };
  }
  const idBytes = idAt(cursor, places.id);
  if (idBytes === undefined) return { ok: false, error: messageError('id must be a UUID') };
  const timestamp = timeAt(cursor, places.timestamp);
  if (timestamp === undefined) {
    return { ok: false, error: messageError('timestamp must be an RFC 3339 time'), idBytes };
  }
  const kind = enterPayload(cursor, places.payload);
  if (kind === undefined) {
    const reason = 'payload must be a map with the kind of the message as its only key';
    return { ok: false, error: messageError(reason), idBytes };
  }
  return { ok: true, idBytes, timestamp, kind };
}

/** The same for who has no use for id and time: the kind alone, undefined when it is no message. */
export function enterPackedPayload(cursor: MessagePackCursor): string | undefined {
  const places = locate(cursor);
  return places && enterPayload(cursor, places.payload);
}

function enterPayload(cursor: MessagePackCursor, offset: number): string | undefined {
  if (offset < 0) return undefined;
  cursor.offset = offset;
  return cursor.enterMap() === 1 && cursor.passString() ? kinds.read(cursor) : undefined;
}

/** Offsets of the three values, -1 where there is none. */
interface Places {
  id: number;
  timestamp: number;
  payload: number;
}

function locate(cursor: MessagePackCursor): Places | undefined {
  const places: Places = { id: -1, timestamp: -1, payload: -1 };
  const values = cursor.enterList();
  if (values >= 0) {
    if (values > 0) places.id = cursor.offset;
    if (values > 1) places.timestamp = skipTo(cursor);
    if (values > 2) places.payload = skipTo(cursor);
    return places;
  }
  const pairs = cursor.enterMap();
  if (pairs < 0) return undefined;
  for (let index = 0; index < pairs; index++) {
    cursor.passString();
    if (cursor.isBlob(ID_KEY)) places.id = cursor.offset;
    else if (cursor.isBlob(TIMESTAMP_KEY)) places.timestamp = cursor.offset;
    else if (cursor.isBlob(PAYLOAD_KEY)) places.payload = cursor.offset;
    // The payload is nearly all of the message, and nearly always the last value.
    if (index < pairs - 1) cursor.skip();
  }
  return places;
}

function skipTo(cursor: MessagePackCursor): number {
  cursor.skip();
  return cursor.offset;
}

function idAt(cursor: MessagePackCursor, offset: number): Buffer | undefined {
  if (offset < 0) return undefined;
  cursor.offset = offset;
  if (cursor.passBinary()) {
    const { blobStart, blobLength } = cursor;
    return blobLength === 16 ? cursor.bytes.subarray(blobStart, blobStart + 16) : undefined;
  }
  const text = cursor.readString();
  return text !== undefined && isUuid(text) ? uuidToBytes(text) : undefined;
}

function timeAt(cursor: MessagePackCursor, offset: number): Timestamp | undefined {
  if (offset < 0) return undefined;
  cursor.offset = offset;
  const text = cursor.readString();
  return text === undefined ? undefined : parseRfc3339(text);
}
