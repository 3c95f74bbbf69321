import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { StoreKey } from '../cipher/store-key.ts';
import { STREAMS } from '../codes.ts';
import type { ArchivedBlock } from './archive-segment.ts';
import { entryToJson } from './archived-entry.ts';
import { newSegmentCipher, type SegmentCipher } from './segment-cipher.ts';
import {
  packLines,
  packTail,
  span,
  type BlockLine,
  type IndexLine,
  type MemberIndex,
  type NumberRange,
  type SegmentHeader,
} from './segment-format.ts';

/** A member is closed at the end of the block with which its text is this long. */
const MEMBER_TEXT_LENGTH = 1024 * 1024;

/** Writes a new segment, block by block. */
export class SegmentWriter {
  readonly #fd: number;
  readonly #cipher: SegmentCipher;
  readonly #hash: Hash = createHash('sha256');
  readonly #index: MemberIndex[] = [];
  #offset = 0;
  #lines: string[] = [];
  #textLength = 0;
  #member: Omit<MemberIndex, 'offset' | 'bytes'> | undefined;

  /** The file must not be there yet. */
  constructor(path: string, header: SegmentHeader, key: StoreKey | null | undefined) {
    this.#fd = openSync(path, 'wx', 0o600);
    this.#cipher = newSegmentCipher(key);
    this.#write(this.#cipher.head);
    this.#writePart([JSON.stringify(header)]);
  }

  add(block: ArchivedBlock): void {
    this.#line(JSON.stringify(blockLine(block)));
    for (const { stream, row } of block.rows) this.#line(JSON.stringify(entryToJson(stream, row)));
    this.#member = widened(this.#member, block);
    if (this.#textLength >= MEMBER_TEXT_LENGTH) this.#endMember();
  }

  /** Returns once everything is on the disk. */
  finish(): void {
    if (this.#lines.length > 0) this.#endMember();
    const indexOffset = this.#offset;
    const index: IndexLine = { index: this.#index, sha256: this.#hash.copy().digest('hex') };
    this.#writePart([JSON.stringify(index)]);
    this.#write(packTail(indexOffset));
    fsyncSync(this.#fd);
  }

  /** Also without `finish`: the file is then worth nothing. */
  close(): void {
    closeSync(this.#fd);
  }

  #line(line: string): void {
    this.#lines.push(line);
    this.#textLength += line.length;
  }

  #endMember(): void {
    const offset = this.#offset;
    this.#writePart(this.#lines);
    this.#index.push({ offset, bytes: this.#offset - offset, ...this.#member! });
    this.#lines = [];
    this.#textLength = 0;
    this.#member = undefined;
  }

  #writePart(lines: readonly string[]): void {
    this.#write(this.#cipher.seal(packLines(lines), this.#offset));
  }

  #write(bytes: Buffer): void {
    this.#hash.update(bytes);
    for (let written = 0; written < bytes.length;)
      written += writeSync(this.#fd, bytes, written, bytes.length - written);
    this.#offset += bytes.length;
  }
}

function blockLine({ n, committedMs, leaf, ranges, ...rest }: ArchivedBlock): BlockLine {
  return {
    block: n,
    committed_ms: committedMs,
    entries: rest.entries,
    bytes: rest.bytes,
    version: rest.version,
    leaf: leaf.toString('hex'),
    ranges: ranges.map(({ stream, first, last }) => [stream, first, last] as const),
  };
}

type Member = Omit<MemberIndex, 'offset' | 'bytes'>;

function widened(member: Member | undefined, block: ArchivedBlock): Member {
  const rangeOf = (stream: number): NumberRange => {
    const range = block.ranges.find((candidate) => candidate.stream === stream);
    return range ? [range.first, range.last] : null;
  };
  return {
    first_block: member?.first_block ?? block.n,
    last_block: block.n,
    logs: span(member?.logs ?? null, rangeOf(STREAMS.logs)),
    file_events: span(member?.file_events ?? null, rangeOf(STREAMS.fileEvents)),
    log_seconds: span(member?.log_seconds ?? null, logSeconds(block)),
  };
}

/** Earliest and latest time of a block's log entries, in seconds. */
function logSeconds({ rows }: ArchivedBlock): NumberRange {
  let range: NumberRange = null;
  for (const { stream, row } of rows) {
    const seconds = row['seconds'] as number;
    if (stream === STREAMS.logs) range = span(range, [seconds, seconds]);
  }
  return range;
}
