import { STREAMS } from '../codes.ts';
import { indexWords } from '../full-text-index.ts';
import { MultiInsert } from '../multi-insert.ts';
import { openInMemory, type SqliteDatabase, type SqliteStatement } from '../open-database.ts';
import type { RowTables } from '../read-connection.ts';
import { addFunctions } from '../sql-functions.ts';
import { StatementCache } from '../statement-cache.ts';
import { FILE_EVENT_COLUMNS, LOG_COLUMNS, type StoredRow } from '../stored-rows.ts';
import type { ArchivedBlock } from './archive-segment.ts';
import { DamagedSegment, type MemberIndex, type NumberRange } from './segment-format.ts';

/**
 * One part of a segment as tables in memory: what is asked of the ledger's tables is asked of these with the same
 * SQL, so a filter means the same in both.
 */
export class MemberTables implements RowTables {
  readonly #database: SqliteDatabase;
  readonly #statements: StatementCache;
  #hasWords = false;

  /** Throws DamagedSegment when there are not the rows that the index of the segment promises. */
  constructor(index: MemberIndex, blocks: readonly ArchivedBlock[]) {
    this.#database = openInMemory('ledger');
    try {
      addFunctions(this.#database);
      this.#statements = new StatementCache(this.#database);
      this.#database.transaction(() => {
        this.#fill(blocks, STREAMS.logs, ['logs', LOG_COLUMNS], index.logs);
        this.#fill(
          blocks,
          STREAMS.fileEvents,
          ['file_events', FILE_EVENT_COLUMNS],
          index.file_events,
        );
      })();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  prepare(sql: string): SqliteStatement {
    return this.#statements.prepare(sql);
  }

  /** Makes the full-text index, once. */
  indexWords(): void {
    if (!this.#hasWords) indexWords(this.#database);
    this.#hasWords = true;
  }

  close(): void {
    this.#database.close();
  }

  #fill(
    blocks: readonly ArchivedBlock[],
    stream: number,
    [table, columns]: [string, string],
    promised: NumberRange,
  ): void {
    const names = columns.split(', ');
    const insert = new MultiInsert(this.#database, table, columns);
    let count = 0;
    for (const { rows } of blocks) {
      for (const { stream: found, row } of rows) {
        if (found !== stream) continue;
        bind(insert, names, row);
        count += 1;
      }
    }
    insert.flush();
    const expected = promised === null ? 0 : promised[1] - promised[0] + 1;
    if (count !== expected)
      throw new DamagedSegment(`${count} rows for ${table} instead of ${expected}`);
  }
}

function bind(insert: MultiInsert, names: readonly string[], row: StoredRow): void {
  const { values, start } = insert;
  for (const [at, name] of names.entries()) values[start + at] = row[name];
  insert.rowAdded();
}
