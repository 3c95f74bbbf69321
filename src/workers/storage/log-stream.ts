import { appendLog, CanonicalBuffer, type LogRow } from './canonical.ts';
import { MultiInsert } from './multi-insert.ts';
import type { SqliteDatabase } from './open-database.ts';
import { LOG_COLUMNS } from './stored-rows.ts';

/** The logs of one transaction: rows and their canonical bytes grow together. */
export class LogStream {
  readonly canonical = new CanonicalBuffer();
  readonly #insert: MultiInsert;

  constructor(database: SqliteDatabase) {
    this.#insert = new MultiInsert(database, 'logs', LOG_COLUMNS);
  }

  add(row: LogRow): void {
    const { values, start } = this.#insert;
    values[start] = row.id;
    values[start + 1] = row.seconds;
    values[start + 2] = row.nanos;
    values[start + 3] = row.level;
    values[start + 4] = row.component;
    values[start + 5] = row.session_id;
    values[start + 6] = row.message;
    values[start + 7] = row.metadata;
    values[start + 8] = row.tenant_id;
    values[start + 9] = row.user_id;
    values[start + 10] = row.created_ms;
    values[start + 11] = row.session_by ?? null;
    this.#insert.rowAdded();
    appendLog(this.canonical, row);
  }

  flush(): void {
    this.#insert.flush();
  }

  reset(): void {
    this.#insert.discard();
    this.canonical.clear();
  }
}
