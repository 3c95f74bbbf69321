import type { WireFormat } from './frame.ts';
import { isMessageKind } from './kinds.ts';
import { MessagePackCursor } from './msgpack-cursor.ts';
import { skipValue } from './msgpack-scan.ts';

export interface Peek {
  /** As the sender wrote it, so perhaps none that exists; undefined when it cannot be told. */
  readonly kind: string | undefined;
}

const UNKNOWN: Peek = { kind: undefined };
const LOG_ENTRY: Peek = { kind: 'LogEntry' };
const LOG_BATCH: Peek = { kind: 'LogBatch' };
const ENTRY_NAME = Buffer.from('LogEntry');
const BATCH_NAME = Buffer.from('LogBatch');
const PAYLOAD_KEY = Buffer.from('payload');
const KIND_LIMIT_BYTES = 64;
const BOUNDS = { depth: 64, nodes: Number.MAX_SAFE_INTEGER };
const PAYLOAD_INDEX = 2;
/** The longest head of a list or map; no message is shorter. */
const HEAD_BYTES = 5;

/**
 * Tells the kind of a message without decoding it. For any bytes at all it returns, after work that
 * their number bounds; that the message is valid, it does not say.
 */
export function peekKind(body: Buffer, format: WireFormat): Peek {
  return format === 'json' ? peekJson(body) : peekMessagePack(body);
}

function peekMessagePack(body: Buffer): Peek {
  if (body.length < HEAD_BYTES) return UNKNOWN;
  const cursor = new MessagePackCursor(body);
  const values = cursor.enterList();
  if (values >= 0) {
    const isThere = values > PAYLOAD_INDEX && skips(cursor) && skips(cursor);
    return isThere ? peekPayload(cursor) : UNKNOWN;
  }
  const pairs = cursor.enterMap();
  for (let index = 0; index < pairs; index++) {
    const start = cursor.offset;
    if (!skips(cursor)) return UNKNOWN;
    const end = cursor.offset;
    cursor.offset = start;
    if (!cursor.passString() || cursor.offset !== end) return UNKNOWN;
    if (cursor.isBlob(PAYLOAD_KEY)) return peekPayload(cursor);
    if (!skips(cursor)) return UNKNOWN;
  }
  return UNKNOWN;
}

/** A map with the kind as key, or, where nothing is carried, the kind alone. */
function peekPayload(cursor: MessagePackCursor): Peek {
  if (cursor.bytes.length - cursor.offset < HEAD_BYTES) return UNKNOWN;
  if (cursor.enterMap() === 0) return UNKNOWN;
  const start = cursor.offset;
  if (!skips(cursor)) return UNKNOWN;
  cursor.offset = start;
  if (!cursor.passString()) return UNKNOWN;
  if (cursor.isBlob(ENTRY_NAME)) return LOG_ENTRY;
  if (cursor.isBlob(BATCH_NAME)) return LOG_BATCH;
  return kindIn(cursor.bytes, cursor.blobStart, cursor.blobStart + cursor.blobLength);
}

function skips(cursor: MessagePackCursor): boolean {
  const end = skipValue(cursor.bytes, cursor.offset, BOUNDS);
  if (end < 0) return false;
  cursor.offset = end;
  return true;
}

function kindIn(bytes: Buffer, start: number, end: number): Peek {
  return end - start > KIND_LIMIT_BYTES ? UNKNOWN : { kind: bytes.toString('utf8', start, end) };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_MAP = 0x7b;

function peekJson(body: Buffer): Peek {
  let offset = skipSpace(body, 0);
  if (body[offset] !== OPEN_MAP) return UNKNOWN;
  do {
    offset = skipSpace(body, offset + 1);
    const keyEnd = stringEnd(body, offset);
    if (keyEnd < 0) return UNKNOWN;
    const key = kindIn(body, offset + 1, keyEnd);
    offset = skipSpace(body, keyEnd + 1);
    if (body[offset] !== COLON) return UNKNOWN;
    offset = skipSpace(body, offset + 1);
    if (key.kind === 'payload') return peekJsonPayload(body, offset);
    if (key.kind !== undefined && isMessageKind(key.kind)) return key;
    offset = skipSpace(body, jsonValueEnd(body, offset));
  } while (body[offset] === COMMA);
  return UNKNOWN;
}

function peekJsonPayload(body: Buffer, start: number): Peek {
  const nameStart = body[start] === OPEN_MAP ? skipSpace(body, start + 1) : start;
  const nameEnd = stringEnd(body, nameStart);
  return nameEnd < 0 ? UNKNOWN : kindIn(body, nameStart + 1, nameEnd);
}

function skipSpace(body: Buffer, start: number): number {
  let offset = start;
  for (; offset < body.length; offset++) {
    const byte = body[offset];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) break;
  }
  return offset;
}

/** Where the closing quote of the string at `start` is; -1 when there is no string. */
function stringEnd(body: Buffer, start: number): number {
  if (body[start] !== QUOTE) return -1;
  for (let offset = start + 1; offset < body.length; offset++) {
    const byte = body[offset];
    if (byte === QUOTE) return offset;
    if (byte === BACKSLASH) offset++;
  }
  return -1;
}

/** The offset behind the value at `start`; the end of the body when it is not complete. */
function jsonValueEnd(body: Buffer, start: number): number {
  let depth = 0;
  let offset = start;
  while (offset < body.length) {
    const byte = body[offset] as number;
    if (byte === QUOTE) {
      const end = stringEnd(body, offset);
      if (end < 0) return body.length;
      offset = end;
    } else if (byte === OPEN_MAP || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === COMMA && depth === 0) return offset;
    if (depth < 0) return offset;
    offset++;
  }
  return body.length;
}
