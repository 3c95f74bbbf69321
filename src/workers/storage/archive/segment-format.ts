/**
 * An archive segment: gzip members back to back, so that `zcat` shows it as JSON Lines. The first member is
 * the header line, the last but one the index line, and the last one is empty and says in its extra field
 * where the index begins. docs/ledger-format.md is the definition.
 */
import { gunzipSync, gzipSync } from 'node:zlib';

export const SEGMENT_FORMAT = 'codi-segment';
export const SEGMENT_VERSION = 1;
export const ARCHIVE_FOLDER = 'archive';

/** First and last number, both inside; null: none. */
export type NumberRange = readonly [first: number, last: number] | null;

/** The first line. */
export interface SegmentHeader {
  format: typeof SEGMENT_FORMAT;
  version: number;
  database: 'ledger';
  first_block: number;
  last_block: number;
  logs: NumberRange;
  file_events: NumberRange;
  entries: number;
  canonical_bytes: number;
  first_committed_ms: number;
  last_committed_ms: number;
}

/** Before the entries of each block. */
export interface BlockLine {
  block: number;
  committed_ms: number;
  entries: number;
  bytes: number;
  version: number;
  /** Hex. */
  leaf: string;
  /** [stream tag, first, last], by tag. */
  ranges: (readonly [stream: number, first: number, last: number])[];
}

/** A member that holds whole blocks. */
export interface MemberIndex {
  offset: number;
  bytes: number;
  first_block: number;
  last_block: number;
  logs: NumberRange;
  file_events: NumberRange;
  /** Of the log entries' own times, in seconds. */
  log_seconds: NumberRange;
}

/** The last line. */
export interface IndexLine {
  index: MemberIndex[];
  /** Of everything before the index's member, hex. */
  sha256: string;
}

/** A segment that is not what one must be; the message says why. */
export class DamagedSegment extends Error {
  override readonly name = 'DamagedSegment';
}

const TAIL_HEAD = Buffer.from([
  ...[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255], // gzip, deflate, FEXTRA, no time, unknown system
  ...[12, 0, 0x63, 0x69, 8, 0], // 12 bytes of extra fields: 'ci' with 8 bytes
]);
const TAIL_END = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // nothing, its CRC and its length
export const TAIL_BYTES = TAIL_HEAD.length + 8 + TAIL_END.length;

/** More than a block can be: a member is whole blocks, and a block ends with the message that fills it. */
const MEMBER_LIMIT_BYTES = 256 * 1024 * 1024;

/** The smallest range with both in it. */
export function span(one: NumberRange, other: NumberRange): NumberRange {
  if (!one || !other) return one ?? other;
  return [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
}

/** Names of finished segments, with their first and last block. */
export const SEGMENT_NAME = /^ledger-(\d{12,})-(\d{12,})\.jsonl\.gz(\.enc)?$/;

/** Whether it is encrypted shows in its name. */
export function segmentName(firstBlock: number, lastBlock: number, isEncrypted: boolean): string {
  const digits = (block: number) => String(block).padStart(12, '0');
  return `ledger-${digits(firstBlock)}-${digits(lastBlock)}.jsonl.gz${isEncrypted ? '.enc' : ''}`;
}

export function packLines(lines: readonly string[]): Buffer {
  return gzipSync(`${lines.join('\n')}\n`, { level: 6 });
}

/** Throws DamagedSegment. */
export function unpackLines(member: Uint8Array): string[] {
  let text: Buffer;
  try {
    text = gunzipSync(member, { maxOutputLength: MEMBER_LIMIT_BYTES });
  } catch (error) {
    throw new DamagedSegment(`a part cannot be unpacked: ${(error as Error).message}`);
  }
  return text.toString('utf8').split('\n').slice(0, -1);
}

export function packTail(indexOffset: number): Buffer {
  const offset = Buffer.alloc(8);
  offset.writeBigUInt64LE(BigInt(indexOffset));
  return Buffer.concat([TAIL_HEAD, offset, TAIL_END]);
}

/** Where the index begins, from the last bytes of a file. Throws DamagedSegment. */
export function unpackTail(tail: Buffer): number {
  const isTail =
    tail.length === TAIL_BYTES &&
    tail.subarray(0, TAIL_HEAD.length).equals(TAIL_HEAD) &&
    tail.subarray(-TAIL_END.length).equals(TAIL_END);
  if (!isTail) throw new DamagedSegment('it does not end as a segment does: it is cut off');
  return Number(tail.readBigUInt64LE(TAIL_HEAD.length));
}
