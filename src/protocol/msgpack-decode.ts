import { setKey } from './json-value.ts';
import { KeyTexts } from './key-texts.ts';
import { MessagePackCursor } from './msgpack-cursor.ts';

/** What MessagePack can say without extension types. */
export type PackedValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PackedValue[]
  | { [key: string]: PackedValue };

const keys = new KeyTexts();

/**
 * Decodes a body that `scanMessagePack` has passed. Maps become plain objects (of equal keys the last
 * one counts), integers beyond 2^53 bigint, binary a view of the body.
 */
export function decodeScanned(body: Buffer): PackedValue {
  return readValue(new MessagePackCursor(body));
}

/** Reads the value at the cursor. The scan has bounded how deep this recurses. */
export function readValue(cursor: MessagePackCursor): PackedValue {
  const head = cursor.head();
  if (cursor.passString()) return cursor.blobText();
  const number = cursor.readNumber();
  if (number !== undefined) return number;
  const pairs = cursor.enterMap();
  if (pairs >= 0) return readMap(cursor, pairs);
  const values = cursor.enterList();
  if (values >= 0) return readList(cursor, values);
  if (cursor.passBinary()) {
    return cursor.bytes.subarray(cursor.blobStart, cursor.blobStart + cursor.blobLength);
  }
  cursor.offset++;
  return head === 0xc0 ? null : head === 0xc3;
}

function readMap(cursor: MessagePackCursor, pairs: number): PackedValue {
  const map: Record<string, PackedValue> = {};
  for (let index = 0; index < pairs; index++) {
    const key = cursor.passString() ? keys.read(cursor) : '';
    setKey(map, key, readValue(cursor));
  }
  return map;
}

function readList(cursor: MessagePackCursor, count: number): PackedValue {
  const list: PackedValue[] = [];
  for (let index = 0; index < count; index++) list.push(readValue(cursor));
  return list;
}
