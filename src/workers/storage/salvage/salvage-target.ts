import { CANONICAL_VERSION } from '../canonical.ts';
import type { BlockRange } from '../block.ts';
import { LostBlocks, type LossKind } from '../lost-blocks.ts';
import type { SqliteDatabase, SqliteStatement } from '../open-database.ts';
import type { StreamPart } from './block-candidates.ts';
import type { CellValue } from './record.ts';
import { STREAM_TABLES } from './row-shapes.ts';

/** Rows between two commits of the new database: few enough for its cache. */
const ROWS_PER_TRANSACTION = 20_000;

export interface SalvagedBlock {
  n: number;
  committedMs: number;
  entries: number;
  bytes: number;
  leaf: Buffer;
  ranges: readonly BlockRange[];
}

/** The new database, which nobody sees before it is whole. */
export class SalvageTarget {
  readonly database: SqliteDatabase;
  readonly #inserts = new Map<string, { statement: SqliteStatement; columns: number }>();
  readonly #lost: LostBlocks;
  readonly #nowMs: number;
  #leaf: SqliteStatement | undefined;
  #rows = 0;

  constructor(database: SqliteDatabase, nowMs: number) {
    this.database = database;
    this.#nowMs = nowMs;
    this.#lost = new LostBlocks(database);
    database.exec('BEGIN');
  }

  addBlock({ n, committedMs, entries, bytes, leaf, ranges }: SalvagedBlock): void {
    this.insert('blocks', [n, committedMs, entries, bytes, CANONICAL_VERSION, leaf]);
    for (const { stream, first, last } of ranges)
      this.insert('block_ranges', [n, stream, first, last]);
  }

  addEntries(parts: readonly StreamPart[]): void {
    for (const { range, entries } of parts)
      for (const { values } of entries) this.insert(STREAM_TABLES[range.stream], values);
  }

  addLost(block: number, kind: LossKind, foundMs = this.#nowMs): void {
    this.#lost.add({ block, kind, foundMs });
  }

  removeLost(block: number): void {
    this.database.prepare('DELETE FROM lost_blocks WHERE block = ?').run(block);
  }

  leafOf(block: number): Buffer {
    this.#leaf ??= this.database.prepare('SELECT leaf FROM blocks WHERE n = ?').pluck();
    return this.#leaf.get(block) as Buffer;
  }

  /** Gives a block another leaf; returns the one it had. */
  changeLeaf(block: number, leaf: Buffer): Buffer {
    const before = this.leafOf(block);
    this.database.prepare('UPDATE blocks SET leaf = ? WHERE n = ?').run(leaf, block);
    return before;
  }

  /** Inserts a row with the values of all of its columns. */
  insert(table: string, values: readonly CellValue[]): void {
    const { statement, columns } = this.#insertInto(table);
    // A row from before a column was added has no value for it.
    const missing = Array<null>(Math.max(0, columns - values.length)).fill(null);
    statement.run(...values, ...missing);
    this.#rows += 1;
    if (this.#rows % ROWS_PER_TRANSACTION === 0) this.database.exec('COMMIT; BEGIN');
  }

  finish(): void {
    this.database.exec('COMMIT');
  }

  #insertInto(table: string) {
    const known = this.#inserts.get(table);
    if (known) return known;
    const sql = `SELECT count(*) FROM pragma_table_info('${table}')`;
    const columns = this.database.prepare(sql).pluck().get() as number;
    const places = Array<string>(columns).fill('?').join(', ');
    const insert = {
      statement: this.database.prepare(`INSERT INTO ${table} VALUES (${places})`),
      columns,
    };
    this.#inserts.set(table, insert);
    return insert;
  }
}
