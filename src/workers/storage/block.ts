import { createHash } from 'node:crypto';
import { CANONICAL_VERSION, type CanonicalBuffer } from './canonical.ts';
import type { StreamCode } from './codes.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

/** Consecutive entries of one stream inside a block; both ends belong to it. */
export interface BlockRange {
  stream: StreamCode;
  first: number;
  last: number;
}

/** RFC 6962 section 2.1: a leaf is hashed with 0x00 in front, an inner node with 0x01. */
const LEAF_PREFIX = Buffer.of(0x00);

/** SHA-256(0x00 || parts in order): the leaf of a block over the canonical bytes of its entries. */
export function leafOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(LEAF_PREFIX);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Writes blocks and their ranges inside the caller's transaction. */
export class BlockWriter {
  readonly #insertBlock: SqliteStatement;
  readonly #insertRange: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#insertBlock = database.prepare('INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)');
    this.#insertRange = database.prepare('INSERT INTO block_ranges VALUES (?, ?, ?, ?)');
  }

  /** `ranges` and `parts` belong together, sorted by stream code; ranges may not be empty. */
  append(
    n: number,
    committedMs: number,
    ranges: readonly BlockRange[],
    parts: readonly CanonicalBuffer[],
  ): void {
    let entries = 0;
    let bytes = 0;
    for (const { first, last } of ranges) entries += last - first + 1;
    for (const part of parts) bytes += part.length;
    const leaf = leafOf(parts.map((part) => part.view()));
    this.#insertBlock.run(n, committedMs, entries, bytes, CANONICAL_VERSION, leaf);
    for (const { stream, first, last } of ranges) this.#insertRange.run(n, stream, first, last);
  }
}
