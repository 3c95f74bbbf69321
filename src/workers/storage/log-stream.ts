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
    this.#insert.values.push(
      row.id,
      row.seconds,
      row.nanos,
      row.level,
      row.component,
      row.session_id,
      row.message,
      row.metadata,
      row.tenant_id,
      row.user_id,
      row.created_ms,
    );
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
