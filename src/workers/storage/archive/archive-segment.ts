import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { leafOf, type BlockRange } from '../block.ts';
import { storeKey, type StoreKey } from '../cipher/store-key.ts';
import { CANONICAL_VERSION, CanonicalBuffer } from '../canonical.ts';
import { appendRow, type StoredRow } from '../stored-rows.ts';
import { entryFromJson } from './archived-entry.ts';
import { HEAD_BYTES, segmentCipherOf, type SegmentCipher } from './segment-cipher.ts';
import {
  DamagedSegment,
  SEGMENT_FORMAT,
  SEGMENT_VERSION,
  TAIL_BYTES,
  unpackLines,
  unpackTail,
  type BlockLine,
  type IndexLine,
  type MemberIndex,
  type SegmentHeader,
} from './segment-format.ts';

const READ_BYTES = 256 * 1024;
/** An index of some ten thousand members; more is not believed. */
const INDEX_LIMIT_BYTES = 64 * 1024 * 1024;

/** A block with its entries, from a table or from a segment. */
export interface ArchivedBlock {
  n: number;
  committedMs: number;
  entries: number;
  /** Length of the canonical bytes. */
  bytes: number;
  version: number;
  leaf: Buffer;
  ranges: BlockRange[];
  /** In the order in which the leaf hashes them. */
  rows: { stream: number; row: StoredRow }[];
}

/** The leaf that a block's entries make now, in `out`. Throws RangeError for rows that cannot be entries. */
export function recomputedLeaf(block: ArchivedBlock, out = new CanonicalBuffer()): Buffer {
  out.clear();
  for (const { stream, row } of block.rows) appendRow(out, stream, row);
  return leafOf([out.view()]);
}

/**
 * Reads a segment without the database. Memory: one member, about 1 MiB of text. Everything throws
 * DamagedSegment when the file is not what it must be; nothing is checked against leaves here.
 */
export class ArchiveSegment {
  readonly header: SegmentHeader;
  readonly members: readonly MemberIndex[];
  readonly #fd: number;
  readonly #cipher: SegmentCipher;
  readonly #indexOffset: number;
  readonly #sha256: string;

  private constructor(fd: number, key: StoreKey | null | undefined) {
    this.#fd = fd;
    const size = fstatSync(fd).size;
    if (size < TAIL_BYTES) throw new DamagedSegment('it is too short');
    this.#cipher = segmentCipherOf(this.#read(0, Math.min(size, HEAD_BYTES)), key);
    this.#indexOffset = unpackTail(this.#read(size - TAIL_BYTES, TAIL_BYTES));
    const indexBytes = size - TAIL_BYTES - this.#indexOffset;
    if (!(indexBytes > 0 && indexBytes <= INDEX_LIMIT_BYTES))
      throw new DamagedSegment('its end points to no index');
    const index = parsed<IndexLine>(this.#part(this.#indexOffset, indexBytes)[0]);
    if (!Array.isArray(index.index)) throw new DamagedSegment('its index cannot be read');
    this.members = index.index;
    this.#sha256 = index.sha256;
    const headerOffset = this.#cipher.head.length;
    const headerEnd = this.members[0]?.offset ?? this.#indexOffset;
    this.header = parsed<SegmentHeader>(this.#part(headerOffset, headerEnd - headerOffset)[0]);
    if (this.header.format !== SEGMENT_FORMAT) throw new DamagedSegment('it is no codi segment');
    if (this.header.version > SEGMENT_VERSION)
      throw new DamagedSegment(`its version ${this.header.version} is newer than this program`);
  }

  /** Encrypted or not, it says itself. */
  static open(path: string, key: StoreKey | null | undefined = storeKey()): ArchiveSegment {
    const fd = openSync(path, 'r');
    try {
      return new ArchiveSegment(fd, key);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Every block, in order. */
  *blocks(): Generator<ArchivedBlock> {
    for (const member of this.members) yield* this.blocksOf(member);
  }

  /** The blocks of one member of `members`. */
  blocksOf(member: MemberIndex): ArchivedBlock[] {
    return readBlocks(this.linesOf(member));
  }

  /** The text of one member, unchecked: lines of blocks and of their entries. */
  linesOf({ offset, bytes }: MemberIndex): string[] {
    return this.#part(offset, bytes);
  }

  /** One block, undefined when it is not in here. */
  block(n: number): ArchivedBlock | undefined {
    const member = this.members.find(({ first_block, last_block }) => {
      return first_block <= n && n <= last_block;
    });
    return member && this.blocksOf(member).find((block) => block.n === n);
  }

  /** Whether the bytes before the index are those it was made over. */
  isIntact(): boolean {
    const hash = createHash('sha256');
    for (let offset = 0; offset < this.#indexOffset; offset += READ_BYTES)
      hash.update(this.#read(offset, Math.min(READ_BYTES, this.#indexOffset - offset)));
    return hash.digest('hex') === this.#sha256;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #part(offset: number, length: number): string[] {
    return unpackLines(this.#cipher.open(this.#read(offset, length), offset));
  }

  #read(offset: number, length: number): Buffer {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || length < 0)
      throw new DamagedSegment('its index cannot be read');
    if (offset + length > fstatSync(this.#fd).size) throw new DamagedSegment('it is cut off');
    const bytes = Buffer.allocUnsafe(length);
    for (let read = 0; read < length;) {
      const count = readSync(this.#fd, bytes, read, length - read, offset + read);
      if (count === 0) throw new DamagedSegment('it is cut off');
      read += count;
    }
    return bytes;
  }
}

function readBlocks(lines: readonly string[]): ArchivedBlock[] {
  const blocks: ArchivedBlock[] = [];
  for (const line of lines) {
    const value = parsed<object>(line);
    if ('block' in value) blocks.push(blockOf(value as BlockLine));
    else if (blocks.length === 0) throw new DamagedSegment('an entry stands before its block');
    else blocks.at(-1)!.rows.push(entryOf(value));
  }
  return blocks;
}

function blockOf(line: BlockLine): ArchivedBlock {
  const isBlock =
    Number.isSafeInteger(line.block) && typeof line.leaf === 'string' && Array.isArray(line.ranges);
  if (!isBlock) throw new DamagedSegment('a block cannot be read');
  if (line.version !== CANONICAL_VERSION)
    throw new DamagedSegment(`canonical version ${line.version} of block ${line.block} is unknown`);
  return {
    n: line.block,
    committedMs: line.committed_ms,
    entries: line.entries,
    bytes: line.bytes,
    version: line.version,
    leaf: Buffer.from(line.leaf, 'hex'),
    ranges: line.ranges.map(([stream, first, last]) => ({ stream, first, last }) as BlockRange),
    rows: [],
  };
}

function entryOf(value: object): { stream: number; row: StoredRow } {
  try {
    return entryFromJson(value);
  } catch (error) {
    if (error instanceof RangeError) throw new DamagedSegment(error.message);
    throw error;
  }
}

function parsed<Line extends object>(line: string | undefined): Line {
  try {
    const value: unknown = JSON.parse(line ?? '');
    if (typeof value === 'object' && value !== null) return value as Line;
  } catch {
    // Said below.
  }
  throw new DamagedSegment('a line is not JSON');
}
