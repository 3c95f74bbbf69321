import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

/** Rows per statement: fewer calls into SQLite; larger ones gain nothing more. */
const CHUNKS = [32, 8, 1] as const;

interface ChunkInsert {
  rows: number;
  statement: SqliteStatement;
  /** Filled row by row and bound as it is: the same one for every chunk of this size. */
  values: unknown[];
}

/** Inserts rows of one table with few prepared multi-row statements. Values are bound by position. */
export class MultiInsert {
  readonly #columnCount: number;
  readonly #chunks: ChunkInsert[];
  /** Of the largest chunk, the one that is filled. */
  readonly #values: unknown[];
  #filled = 0;

  constructor(database: SqliteDatabase, table: string, columns: string) {
    this.#columnCount = columns.split(',').length;
    const row = `(${Array(this.#columnCount).fill('?').join(', ')})`;
    this.#chunks = CHUNKS.map((rows) => ({
      rows,
      statement: database.prepare(
        `INSERT INTO ${table} (${columns}) VALUES ${Array(rows).fill(row).join(', ')}`,
      ),
      values: Array<unknown>(rows * this.#columnCount).fill(null),
    }));
    this.#values = this.#chunks[0]!.values;
  }

  /** Where the caller puts the values of the next row, in column order, from `start` on; then `rowAdded`. */
  get values(): unknown[] {
    return this.#values;
  }

  get start(): number {
    return this.#filled;
  }

  rowAdded(): void {
    this.#filled += this.#columnCount;
    if (this.#filled < this.#values.length) return;
    this.#chunks[0]!.statement.run(this.#values);
    this.#filled = 0;
  }

  /** Inserts what is left. */
  flush(): void {
    let at = 0;
    for (const { statement, values } of this.#chunks) {
      for (; this.#filled - at >= values.length; at += values.length) {
        if (values !== this.#values) copy(this.#values, at, values);
        statement.run(values);
      }
    }
    this.#filled = 0;
  }

  /** Forgets what is left: its transaction was rolled back. */
  discard(): void {
    this.#filled = 0;
  }
}

function copy(source: readonly unknown[], start: number, target: unknown[]): void {
  for (let index = 0; index < target.length; index++) target[index] = source[start + index];
}
