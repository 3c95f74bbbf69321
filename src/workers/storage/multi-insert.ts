import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

/** Rows per statement: fewer calls into SQLite; larger ones gain nothing more. */
const CHUNKS = [32, 8, 1] as const;

/** Inserts rows of one table with few prepared multi-row statements. Values are bound by position. */
export class MultiInsert {
  readonly #columnCount: number;
  readonly #statements: { rows: number; statement: SqliteStatement }[];
  #values: unknown[] = [];

  constructor(database: SqliteDatabase, table: string, columns: string) {
    this.#columnCount = columns.split(',').length;
    const row = `(${Array(this.#columnCount).fill('?').join(', ')})`;
    this.#statements = CHUNKS.map((rows) => ({
      rows,
      statement: database.prepare(
        `INSERT INTO ${table} (${columns}) VALUES ${Array(rows).fill(row).join(', ')}`,
      ),
    }));
  }

  /** The caller pushes one row's values, in column order, then calls `rowAdded`. */
  get values(): unknown[] {
    return this.#values;
  }

  rowAdded(): void {
    if (this.#values.length < CHUNKS[0] * this.#columnCount) return;
    this.#statements[0]!.statement.run(this.#values);
    this.#values = [];
  }

  /** Inserts what is left. */
  flush(): void {
    let start = 0;
    const { length } = this.#values;
    for (const { rows, statement } of this.#statements) {
      const size = rows * this.#columnCount;
      for (; length - start >= size; start += size)
        statement.run(this.#values.slice(start, start + size));
    }
    this.#values = [];
  }

  /** Forgets what is left: its transaction was rolled back. */
  discard(): void {
    this.#values = [];
  }
}
