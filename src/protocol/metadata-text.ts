import { stringifyJson } from './json-text.ts';
import type { MessagePackCursor } from './msgpack-cursor.ts';
import { readValue } from './msgpack-decode.ts';
import { jsonFromPacked } from './packed-json.ts';
import { TextBytes } from './text-bytes.ts';

/** Maps up to this size are compared key by key for duplicates; larger ones through a Set. */
const PAIRWISE_KEYS = 8;

const out = new TextBytes();

/**
 * Converts the scanned MessagePack value at the cursor straight to JSON text, without building it:
 * integers of any size as they are, floats that JSON cannot say as null, binary as base64 text, what
 * is no UTF-8 as U+FFFD. Of equal keys in a map the last one counts.
 */
export function metadataText(cursor: MessagePackCursor): string {
  out.clear();
  writeValue(cursor);
  return out.text();
}

function writeValue(cursor: MessagePackCursor): void {
  if (cursor.passString()) {
    return out.quoted(cursor.bytes, cursor.blobStart, cursor.blobLength);
  }
  const number = cursor.readNumber();
  if (number !== undefined) return writeNumber(number);
  const start = cursor.offset;
  const pairs = cursor.enterMap();
  if (pairs >= 0) return writeMap(cursor, pairs, start);
  const values = cursor.enterList();
  if (values >= 0) return writeList(cursor, values);
  if (cursor.passBinary()) {
    const end = cursor.blobStart + cursor.blobLength;
    return out.ascii(`"${cursor.bytes.toString('base64', cursor.blobStart, end)}"`);
  }
  const head = cursor.head();
  cursor.offset++;
  out.ascii(head === 0xc0 ? 'null' : head === 0xc3 ? 'true' : 'false');
}

function writeMap(cursor: MessagePackCursor, pairs: number, start: number): void {
  const textStart = out.length;
  const keys: number[] = [];
  out.byte(0x7b);
  for (let index = 0; index < pairs; index++) {
    if (index > 0) out.byte(0x2c);
    cursor.passString();
    keys.push(out.length);
    out.quoted(cursor.bytes, cursor.blobStart, cursor.blobLength);
    keys.push(out.length);
    out.byte(0x3a);
    writeValue(cursor);
  }
  out.byte(0x7d);
  if (!hasDuplicate(keys)) return;
  out.length = textStart;
  cursor.offset = start;
  out.utf8(stringifyJson(jsonFromPacked(readValue(cursor))));
}

function writeList(cursor: MessagePackCursor, count: number): void {
  out.byte(0x5b);
  for (let index = 0; index < count; index++) {
    if (index > 0) out.byte(0x2c);
    writeValue(cursor);
  }
  out.byte(0x5d);
}

function writeNumber(value: number | bigint): void {
  // JSON.stringify writes -0 as 0, and so does this.
  if (typeof value === 'number' && !Number.isFinite(value)) out.ascii('null');
  else out.ascii(String(value));
}

/** `keys` holds start and end of each key in the text. */
function hasDuplicate(keys: readonly number[]): boolean {
  if (keys.length > PAIRWISE_KEYS * 2) {
    const texts = new Set<string>();
    for (let at = 0; at < keys.length; at += 2) texts.add(out.slice(keys[at]!, keys[at + 1]!));
    return texts.size < keys.length / 2;
  }
  for (let first = 0; first < keys.length; first += 2) {
    for (let second = first + 2; second < keys.length; second += 2) {
      if (out.isEqual(keys[first]!, keys[first + 1]!, keys[second]!, keys[second + 1]!))
        return true;
    }
  }
  return false;
}
