import { CodiError } from './errors.ts';
import { SCAN_LIMITS } from './limits.ts';
import type { ScanLimits } from './limits.ts';

// What the first byte of a value says: how many bytes follow it, or how its length is written.
const FIXED = 0;
const BLOB = 1;
const LIST = 2;
const MAP = 3;
const EXTENSION = 4;
const RESERVED = 5;

const KIND = new Uint8Array(256);
/** FIXED: bytes that follow. BLOB, LIST, MAP: bytes of the length field, 0 when it is in the head. */
const SIZE = new Uint8Array(256);
const IS_STRING = new Uint8Array(256);

for (let head = 0x80; head <= 0x8f; head++) KIND[head] = MAP;
for (let head = 0x90; head <= 0x9f; head++) KIND[head] = LIST;
for (let head = 0xa0; head <= 0xbf; head++) {
  SIZE[head] = head & 0x1f;
  IS_STRING[head] = 1;
}
KIND[0xc1] = RESERVED;
for (const head of [0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) KIND[head] = EXTENSION;
const HEADS: readonly (readonly [head: number, kind: number, size: number])[] = [
  ...([0xc4, 0xd9] as const).map((head) => [head, BLOB, 1] as const),
  ...([0xc5, 0xda] as const).map((head) => [head, BLOB, 2] as const),
  ...([0xc6, 0xdb] as const).map((head) => [head, BLOB, 4] as const),
  ...([0xcc, 0xd0] as const).map((head) => [head, FIXED, 1] as const),
  ...([0xcd, 0xd1] as const).map((head) => [head, FIXED, 2] as const),
  ...([0xca, 0xce, 0xd2] as const).map((head) => [head, FIXED, 4] as const),
  ...([0xcb, 0xcf, 0xd3] as const).map((head) => [head, FIXED, 8] as const),
  [0xdc, LIST, 2],
  [0xdd, LIST, 4],
  [0xde, MAP, 2],
  [0xdf, MAP, 4],
];
for (const [head, kind, size] of HEADS) {
  KIND[head] = kind;
  SIZE[head] = size;
}
for (const head of [0xd9, 0xda, 0xdb]) IS_STRING[head] = 1;

/** Why a value cannot be walked over; returned in place of an offset. */
const FAULT = {
  truncated: -1,
  reserved: -2,
  extension: -3,
  key: -4,
  depth: -5,
  nodes: -6,
  count: -7,
} as const;

const REASONS = new Map<number, string>([
  [FAULT.truncated, 'it ends in the middle of a value'],
  [FAULT.reserved, 'it has a byte that starts no value (0xc1)'],
  [FAULT.extension, 'extension types are not taken'],
  [FAULT.key, 'a map key is not a string'],
  [FAULT.count, 'it announces more values than it has bytes'],
]);

const STACK_LEVELS = 64;
/** Values left in the lists and maps around the current one; shared, since nothing here awaits. */
const LEFT = new Int32Array(STACK_LEVELS);
const IS_MAP = new Uint8Array(STACK_LEVELS);

/**
 * Walks over one MessagePack value without recursion and without building anything. Gives the offset
 * behind it, or a negative fault. The work is bounded by the bytes that are there.
 */
export function skipValue(bytes: Uint8Array, start: number, limits: ScanLimits): number {
  const end = bytes.length;
  const depthLimit = Math.min(limits.depth, STACK_LEVELS);
  let offset = start;
  let depth = 0;
  let left = 1;
  let isMap = 0;
  let nodes = 0;
  for (;;) {
    while (left === 0) {
      if (depth === 0) return offset;
      depth--;
      left = LEFT[depth] as number;
      isMap = IS_MAP[depth] as number;
    }
    if (++nodes > limits.nodes) return FAULT.nodes;
    if (offset >= end) return FAULT.truncated;
    const head = bytes[offset++] as number;
    // In a map the values left are even in number before a key.
    if (isMap === 1 && (left & 1) === 0 && IS_STRING[head] === 0) return FAULT.key;
    left--;
    const kind = KIND[head] as number;
    const size = SIZE[head] as number;
    if (kind === FIXED) {
      offset += size;
      if (offset > end) return FAULT.truncated;
      continue;
    }
    if (kind >= EXTENSION) return kind === EXTENSION ? FAULT.extension : FAULT.reserved;
    if (offset + size > end) return FAULT.truncated;
    const length = size === 0 ? head & 0x0f : readUint(bytes, offset, size);
    offset += size;
    if (kind === BLOB) {
      offset += length;
      if (offset > end) return FAULT.truncated;
      continue;
    }
    const values = kind === MAP ? length * 2 : length;
    if (values > end - offset) return FAULT.count;
    if (depth >= depthLimit) return FAULT.depth;
    LEFT[depth] = left;
    IS_MAP[depth] = isMap;
    depth++;
    left = values;
    isMap = kind === MAP ? 1 : 0;
  }
}

/**
 * Checks a MessagePack body before anything decodes it: bounded depth and number of values, counts
 * that fit the bytes, string keys only, no extension types, nothing behind the value. Undefined when
 * it is safe to decode.
 */
export function scanMessagePack(
  body: Uint8Array,
  limits: ScanLimits = SCAN_LIMITS,
): CodiError | undefined {
  const end = skipValue(body, 0, limits);
  if (end === body.length) return undefined;
  if (end === FAULT.depth) return new CodiError('CODI_TOO_DEEP', { limit: limits.depth });
  if (end === FAULT.nodes) return new CodiError('CODI_TOO_MANY_VALUES', { limit: limits.nodes });
  const reason = end >= 0 ? 'something follows the message' : (REASONS.get(end) as string);
  return new CodiError('CODI_FRAME_INVALID', { format: 'MessagePack', reason });
}

function readUint(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) {
    value = value * 256 + (bytes[offset + index] as number);
  }
  return value;
}
