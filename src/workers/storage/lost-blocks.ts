import type { StreamCode } from './codes.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { rowSum } from './row-sum.ts';

/**
 * What is wrong with a block of a database that was healed; the numbers are part of the format.
 * - entries: they are gone, the leaf is the one that was committed;
 * - all: its leaf is gone, too; the one it has stands for nothing;
 * - leaf: its leaf was made anew from its entries, and nothing shows that it is the one that was committed.
 */
export const LOSSES = { entries: 1, all: 2, leaf: 3 } as const;
export type LossKind = (typeof LOSSES)[keyof typeof LOSSES];

export interface LostBlock {
  block: number;
  kind: LossKind;
  foundMs: number;
}

/** What `sum` is over, as SQL. */
export const LOST_SUM_COLUMNS = 'block, kind, found_ms';

/** Blocks that a healed database names as lost, wholly or in part. */
export class LostBlocks {
  readonly #insert: SqliteStatement | undefined;
  readonly #select: SqliteStatement | undefined;
  readonly #next: SqliteStatement | undefined;

  /** A database that an earlier release has written names none. */
  constructor(database: SqliteDatabase) {
    const table = `SELECT 1 FROM sqlite_schema WHERE name = 'lost_blocks'`;
    if (database.prepare(table).get() === undefined) return;
    this.#insert = database.prepare('INSERT INTO lost_blocks VALUES (?, ?, ?, ?)');
    this.#select = database.prepare(
      'SELECT block, kind, found_ms AS foundMs FROM lost_blocks WHERE block = ?',
    );
    this.#next = database.prepare(
      'SELECT block, kind, found_ms AS foundMs FROM lost_blocks WHERE block >= ? AND kind < 3 ORDER BY block LIMIT 1',
    );
  }

  add({ block, kind, foundMs }: LostBlock): void {
    this.#insert!.run(block, kind, foundMs, rowSum(block, kind, foundMs));
  }

  find(block: number): LostBlock | undefined {
    return this.#select?.get(block) as LostBlock | undefined;
  }

  /** The first block from this one on whose entries are gone. */
  nextWithout(block: number): LostBlock | undefined {
    return this.#next?.get(block) as LostBlock | undefined;
  }
}

/** How many numbers of these streams are of blocks whose entries are gone. */
export function lostNumbers(database: SqliteDatabase, streams: readonly StreamCode[]): number {
  const lost = `SELECT coalesce(sum(r.last - r.first + 1), 0)
    FROM lost_blocks l JOIN block_ranges r ON r.block = l.block
    WHERE l.kind <> ${LOSSES.leaf} AND r.stream IN (${streams.join(', ')})`;
  return database.prepare(lost).pluck().get() as number;
}

/** Whether the entries of a block are gone. */
export function isWithoutEntries(lost: LostBlock | undefined): boolean {
  return lost !== undefined && lost.kind !== LOSSES.leaf;
}
