import { ArchivedBlocks } from '../archive/archived-blocks.ts';
import type { BlockRange } from '../block.ts';
import type { CanonicalBuffer } from '../canonical.ts';
import { STREAMS } from '../codes.ts';
import { LostBlocks, type LostBlock } from '../lost-blocks.ts';
import type { SqliteDatabase, SqliteStatement, StoreKind } from '../open-database.ts';
import { appendRow, StoredRows } from '../stored-rows.ts';

const STREAM_NUMBERS = Object.values(STREAMS).join(', ');

interface RangeRow {
  block: number;
  first: number;
  last: number;
}

export interface StoredBlock {
  leaf: Buffer;
  version: number;
  entries: number;
  bytes: number;
  committedMs: number;
}

/**
 * The blocks of a store and the entries they were made from, wherever those are: in the tables, or in the
 * segments of the archive. Use it inside one transaction, so that both are of one moment, and close it.
 */
export class BlockBytes {
  /** What has left the tables; undefined where nothing ever does. */
  readonly archive: ArchivedBlocks | undefined;
  readonly #rows: StoredRows;
  readonly #lost: LostBlocks;
  readonly #block: SqliteStatement;
  readonly #ranges: SqliteStatement;
  readonly #rangeFrom: SqliteStatement;
  readonly #blockCount: SqliteStatement;

  constructor(database: SqliteDatabase, kind: StoreKind, dataDir: string) {
    if (kind === 'ledger') this.archive = new ArchivedBlocks(database, dataDir);
    this.#rows = new StoredRows(database, kind);
    this.#lost = new LostBlocks(database);
    this.#block = database.prepare(
      'SELECT leaf, version, entries, bytes, committed_ms AS committedMs FROM blocks WHERE n = ?',
    );
    // The primary key begins with the stream: named one by one, all are found by it.
    this.#ranges = database.prepare(
      `SELECT stream, first, last FROM block_ranges WHERE stream IN (${STREAM_NUMBERS}) AND block = ? ORDER BY stream`,
    );
    this.#rangeFrom = database.prepare(
      'SELECT block, first, last FROM block_ranges WHERE stream = ? AND block >= ? ORDER BY block LIMIT 1',
    );
    this.#blockCount = database
      .prepare('SELECT coalesce(max(n) + 1, 0) FROM blocks')
      .pluck() as SqliteStatement;
  }

  /** How many blocks there are. */
  count(): number {
    return this.#blockCount.get() as number;
  }

  block(n: number): StoredBlock | undefined {
    return this.#block.get(n) as StoredBlock | undefined;
  }

  ranges(block: number): BlockRange[] {
    return this.#ranges.all(block) as BlockRange[];
  }

  /** The highest number of a stream; 0 for one that another database has. */
  last(stream: number): number {
    return this.#rows.has(stream) ? this.#rows.last(stream) : 0;
  }

  /** What is known to be lost of a block since its database was healed. */
  lost(n: number): LostBlock | undefined {
    return this.#lost.find(n);
  }

  /** Whether the entries of a block were deleted: its leaf is all that is left. */
  isLeafOnly(n: number): boolean {
    return this.archive?.isDeleted(n) === true;
  }

  /**
   * Appends the canonical bytes of a block, whose ranges these are; returns how many entries it holds. Throws
   * DamagedSegment when they are in a segment that cannot be read.
   */
  append(out: CanonicalBuffer, n: number, ranges: readonly BlockRange[]): number {
    if (this.archive?.segmentOf(n)) {
      const rows = this.archive.rows(n, ranges);
      for (const { stream, row } of rows) appendRow(out, stream, row);
      return rows.length;
    }
    let entries = 0;
    for (const { stream, first, last } of ranges)
      entries += this.#rows.append(out, stream, first, last);
    return entries;
  }

  /** The block that an entry is in: numbers rise with the blocks, so it is found by halving. */
  find(stream: number, number: number): number | undefined {
    let low = 0;
    let high = this.count() - 1;
    while (low <= high) {
      const middle = Math.floor((low + high) / 2);
      const range = this.#rangeFrom.get(stream, middle) as RangeRow | undefined;
      if (!range || number < range.first) high = middle - 1;
      else if (number > range.last) low = range.block + 1;
      else return range.block;
    }
    return undefined;
  }

  close(): void {
    this.archive?.close();
  }
}
