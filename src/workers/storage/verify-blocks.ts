import { leafOf, type BlockRange } from './block.ts';
import { CANONICAL_VERSION, CanonicalBuffer } from './canonical.ts';
import { isWithoutEntries, LostBlocks } from './lost-blocks.ts';
import type { SqliteDatabase, StoreKind } from './open-database.ts';
import { StoredRows } from './stored-rows.ts';

export type Verification =
  { ok: true; blocks: number } | { ok: false; block: number; reason: string };

interface BlockRow {
  n: number;
  entries: number;
  version: number;
  leaf: Buffer;
}

const RANGES_SQL =
  'SELECT stream, first, last FROM block_ranges WHERE stream IN (1, 2, 3, 4, 5, 6) AND block = ? ORDER BY stream';

/** The last block whose entries left the tables, or are leaving them; -1 for none. */
export function archivedThrough(database: SqliteDatabase, kind: StoreKind): number {
  if (kind === 'state') return -1;
  return database
    .prepare('SELECT coalesce(max(last_block), -1) FROM segments')
    .pluck()
    .get() as number;
}

/** Recomputes the newest `count` blocks that are not archived from their rows and checks that the streams end where the blocks say. */
export function verifyLastBlocks(
  database: SqliteDatabase,
  kind: StoreKind,
  count: number,
): Verification {
  const blocks = (
    database
      .prepare('SELECT n, entries, version, leaf FROM blocks WHERE n > ? ORDER BY n DESC LIMIT ?')
      .all(archivedThrough(database, kind), count) as BlockRow[]
  ).reverse();
  const rows = new StoredRows(database, kind);
  const selectRanges = database.prepare(RANGES_SQL);
  const ends = new Map<number, number>();
  /** Streams of which the last entries are known to be gone. */
  const lostEnds = new Set<number>();
  const lost = new LostBlocks(database);
  let previous: number | undefined;
  for (const block of blocks) {
    const ranges = selectRanges.all(block.n) as BlockRange[];
    const isLost = isWithoutEntries(lost.find(block.n));
    for (const { stream } of ranges)
      if (isLost) lostEnds.add(stream);
      else lostEnds.delete(stream);
    const reason =
      (previous !== undefined && block.n !== previous + 1 && 'a block before it is missing') ||
      gapReason(ranges, ends) ||
      (isLost ? undefined : leafReason(block, ranges, rows));
    if (reason) return { ok: false, block: block.n, reason };
    previous = block.n;
  }
  for (const [stream, end] of ends) {
    if (!lostEnds.has(stream) && rows.last(stream) !== end) {
      const reason = `stream ${stream} ends at ${rows.last(stream)}, its blocks at ${end}`;
      return { ok: false, block: previous ?? 0, reason };
    }
  }
  return { ok: true, blocks: blocks.length };
}

/** Whether the entries of a block match its leaf, or are known to be gone or archived. False when it cannot be read. */
export function isBlockSound(database: SqliteDatabase, kind: StoreKind, n: number): boolean {
  try {
    if (n <= archivedThrough(database, kind)) return true;
    if (isWithoutEntries(new LostBlocks(database).find(n))) return true;
    const block = database
      .prepare('SELECT n, entries, version, leaf FROM blocks WHERE n = ?')
      .get(n) as BlockRow | undefined;
    const ranges = database.prepare(RANGES_SQL).all(n) as BlockRange[];
    return block !== undefined && !leafReason(block, ranges, new StoredRows(database, kind));
  } catch {
    return false;
  }
}

function gapReason(ranges: readonly BlockRange[], ends: Map<number, number>): string | undefined {
  for (const { stream, first, last } of ranges) {
    const end = ends.get(stream);
    if (end !== undefined && first !== end + 1) return `stream ${stream} jumps to ${first}`;
    ends.set(stream, last);
  }
  return undefined;
}

function leafReason(
  block: BlockRow,
  ranges: readonly BlockRange[],
  rows: StoredRows,
): string | undefined {
  if (block.version !== CANONICAL_VERSION) return `canonical version ${block.version} is unknown`;
  const out = new CanonicalBuffer();
  let entries = 0;
  try {
    for (const { stream, first, last } of ranges) entries += rows.append(out, stream, first, last);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  if (entries !== block.entries)
    return `${entries} entries are there, ${block.entries} were hashed`;
  return leafOf([out.view()]).equals(block.leaf) ? undefined : 'its entries do not match its leaf';
}
