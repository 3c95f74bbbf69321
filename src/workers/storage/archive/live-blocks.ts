import type { BlockSpan, DamagedBlock, SegmentRecord } from '../archive.messages.ts';
import type { BlockRange } from '../block.ts';
import { CanonicalBuffer } from '../canonical.ts';
import { STREAMS } from '../codes.ts';
import type { SqliteDatabase, SqliteStatement } from '../open-database.ts';
import { StoredRows } from '../stored-rows.ts';
import { recomputedLeaf, type ArchivedBlock } from './archive-segment.ts';
import { span, type NumberRange } from './segment-format.ts';

/** A block's rows do not match its leaf, so they must not leave the tables as if they did. */
class DamagedLiveBlock extends Error {
  override readonly name = 'DamagedLiveBlock';
  readonly block: number;

  constructor(block: number, reason: string) {
    super(reason);
    this.block = block;
  }
}

/** What the work gives, or which block kept it from being done. */
export function unlessDamaged<Result>(work: () => Result): Result | DamagedBlock {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DamagedLiveBlock)) throw error;
    return { damaged: { block: error.block, reason: error.message } };
  }
}

/** Reads blocks with their entries from the tables, by short statements. */
export class LiveBlocks {
  readonly #rows: StoredRows;
  readonly #block: SqliteStatement;
  readonly #ranges: SqliteStatement;
  readonly #out = new CanonicalBuffer();

  constructor(database: SqliteDatabase) {
    this.#rows = new StoredRows(database, 'ledger');
    this.#block = database.prepare(
      'SELECT n, committed_ms AS committedMs, entries, bytes, version, leaf FROM blocks WHERE n = ?',
    );
    this.#ranges = database.prepare(
      'SELECT stream, first, last FROM block_ranges WHERE stream IN (1, 2, 4, 5, 6) AND block = ? ORDER BY stream',
    );
  }

  leaf(n: number): Buffer | undefined {
    return (this.#block.get(n) as { leaf: Buffer } | undefined)?.leaf;
  }

  ranges(n: number): BlockRange[] {
    return this.#ranges.all(n) as BlockRange[];
  }

  /** The block without its entries. */
  head(n: number): ArchivedBlock {
    const block = this.#block.get(n) as Omit<ArchivedBlock, 'ranges' | 'rows'> | undefined;
    if (!block) throw new DamagedLiveBlock(n, 'it is missing');
    return { ...block, ranges: this.ranges(n), rows: [] };
  }

  /** The block, whose entries were checked against its leaf. Throws DamagedLiveBlock. */
  read(n: number): ArchivedBlock {
    const block = this.head(n);
    const reason = this.#fill(block);
    if (reason !== undefined) throw new DamagedLiveBlock(n, reason);
    return block;
  }

  /** Adds the entries; says what is wrong with them. */
  #fill(block: ArchivedBlock): string | undefined {
    try {
      for (const { stream, first, last } of block.ranges)
        for (const row of this.#rows.rows(stream, first, last)) block.rows.push({ stream, row });
      const isWhole = recomputedLeaf(block, this.#out).equals(block.leaf);
      return isWhole ? undefined : 'its entries do not match its leaf';
    } catch (error) {
      if (error instanceof RangeError) return `its entries cannot be read: ${error.message}`;
      throw error;
    }
  }
}

/** What is known of a span of blocks from their heads alone, before any file is there. */
export function describeSpan(
  blocks: LiveBlocks,
  { firstBlock, lastBlock }: BlockSpan,
  nowMs: number,
): SegmentRecord {
  let [logs, events]: [NumberRange, NumberRange] = [null, null];
  let [entries, bytes, firstCommittedMs, lastCommittedMs] = [0, 0, 0, 0];
  for (let n = firstBlock; n <= lastBlock; n++) {
    const block = blocks.head(n);
    if (n === firstBlock) firstCommittedMs = block.committedMs;
    lastCommittedMs = block.committedMs;
    entries += block.entries;
    bytes += block.bytes;
    for (const { stream, first, last } of block.ranges) {
      if (stream === STREAMS.logs) logs = span(logs, [first, last]);
      if (stream === STREAMS.fileEvents) events = span(events, [first, last]);
    }
  }
  return {
    firstBlock,
    lastBlock,
    firstLog: logs?.[0] ?? null,
    lastLog: logs?.[1] ?? null,
    firstEvent: events?.[0] ?? null,
    lastEvent: events?.[1] ?? null,
    firstCommittedMs,
    lastCommittedMs,
    oldestSeconds: null,
    newestSeconds: null,
    entries,
    bytes,
    file: null,
    fileBytes: 0,
    sha256: null,
    createdMs: nowMs,
  };
}
