import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

const STATEMENT_CACHE_COUNT = 128;

/** Statements of one connection, prepared once per text. */
export class StatementCache {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** `exact`: integers come as bigint. */
  prepare(sql: string, exact = false): SqliteStatement {
    const key = exact ? `exact ${sql}` : sql;
    let statement = this.#statements.get(key);
    if (!statement) {
      statement = this.#database.prepare(sql).safeIntegers(exact) as SqliteStatement;
      if (this.#statements.size >= STATEMENT_CACHE_COUNT) this.#statements.clear();
      this.#statements.set(key, statement);
    }
    return statement;
  }
}
