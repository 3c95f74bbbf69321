import type { LedgerSpace, Plan, PlanInput, PlanReason } from '../archive.messages.ts';
import { LostBlocks } from '../lost-blocks.ts';
import type { SqliteDatabase } from '../open-database.ts';
import { archivedThrough } from '../verify-blocks.ts';

/** The newest blocks always stay: the ledger is checked by them when it is opened. */
const BLOCKS_KEPT = 16;
/** So that a segment of many small blocks is read and indexed in bounded time. */
const SEGMENT_BLOCKS_MAX = 65_536;

/** What goes to make room is at least this part of a full segment. */
const LEAST_SHARE = 1 / 8;

/** Chooses the next blocks to leave the tables: whole ones, from the oldest on, at most a segment's worth. */
export function planSegment(database: SqliteDatabase, input: PlanInput): Plan {
  const blocks = new BlockTimes(database);
  const first = archivedThrough(database, 'ledger') + 1;
  const end = Math.max(first, blocks.count - BLOCKS_KEPT);
  const choice = chooseEnd(database, blocks, { first, end }, input);
  if (!choice || choice.end <= first) return null;
  const limitBytes = input.isWhole ? Infinity : input.segmentLimitBytes;
  const lost = new LostBlocks(database).nextWithout(first)?.block ?? Infinity;
  if (lost === first) return { ...lostSpan(database, first, choice.end), reason: choice.reason };
  const worth = measure(database, first, Math.min(choice.end, lost), limitBytes);
  // What a run itself writes must not be reason enough for the next one. A small block before one that fills a
  // segment by itself is no such case.
  const isAll = worth.lastBlock + 1 >= choice.end;
  const isTooLittle = isAll && worth.bytes < input.segmentLimitBytes * LEAST_SHARE;
  if (choice.reason !== 'age' && isTooLittle) return null;
  return { firstBlock: first, reason: choice.reason, ...worth };
}

/** Blocks whose entries are gone already: there is nothing to keep of them. */
function lostSpan(database: SqliteDatabase, first: number, end: number) {
  const blocks = new LostBlocks(database);
  let lastBlock = first;
  while (lastBlock + 1 < end && blocks.nextWithout(lastBlock + 1)?.block === lastBlock + 1)
    lastBlock += 1;
  return { firstBlock: first, lastBlock, entries: 0, bytes: 0, isLost: true };
}

/** Where the span that may go ends (not inside it), and why it may. */
function chooseEnd(
  database: SqliteDatabase,
  blocks: BlockTimes,
  { first, end }: { first: number; end: number },
  { beforeMs, roomBeforeMs, sizeLimitBytes, isRoomNeeded }: PlanInput,
): { end: number; reason: PlanReason } | undefined {
  const aged = beforeMs === null ? first : blocks.firstSince(beforeMs, first, end);
  if (aged > first) return { end: aged, reason: 'age' };
  const isTooLarge = sizeLimitBytes > 0 && usedBytes(readSpace(database)) > sizeLimitBytes;
  if (isTooLarge) return { end, reason: 'size' };
  if (!isRoomNeeded) return undefined;
  return { end: blocks.firstSince(roomBeforeMs, first, end), reason: 'room' };
}

/** As many blocks from `first` on as make a segment; at least one. */
function measure(database: SqliteDatabase, first: number, end: number, limitBytes: number) {
  const rows = database
    .prepare('SELECT n, entries, bytes FROM blocks WHERE n >= ? AND n < ? ORDER BY n LIMIT ?')
    .iterate(first, end, limitBytes === Infinity ? -1 : SEGMENT_BLOCKS_MAX) as Iterable<{
    n: number;
    entries: number;
    bytes: number;
  }>;
  const worth = { lastBlock: first, entries: 0, bytes: 0 };
  for (const { n, entries, bytes } of rows) {
    if (n > first && worth.bytes + bytes > limitBytes) break;
    worth.lastBlock = n;
    worth.entries += entries;
    worth.bytes += bytes;
  }
  return worth;
}

/** Times of blocks never decrease, so they are found by halving. */
class BlockTimes {
  readonly count: number;
  readonly #timeOf: (block: number) => number;

  constructor(database: SqliteDatabase) {
    const count = database.prepare('SELECT coalesce(max(n) + 1, 0) FROM blocks').pluck();
    const time = database.prepare('SELECT committed_ms FROM blocks WHERE n = ?').pluck();
    this.count = count.get() as number;
    this.#timeOf = (block) => time.get(block) as number;
  }

  /** The first block from `first` on that was committed at `timeMs` or later, `end` when none was. */
  firstSince(timeMs: number, first: number, end: number): number {
    let low = first;
    let high = end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#timeOf(middle) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function readSpace(database: SqliteDatabase): LedgerSpace {
  const number = (pragma: string) => database.pragma(pragma, { simple: true }) as number;
  return {
    pageBytes: number('page_size'),
    pages: number('page_count'),
    freePages: number('freelist_count'),
  };
}

function usedBytes({ pageBytes, pages, freePages }: LedgerSpace): number {
  return pageBytes * (pages - freePages);
}
