import type {
  SegmentCommand,
  SegmentRecord,
  StoredSegment,
  UpkeepResult,
} from '../archive.messages.ts';
import { hasFullText } from '../full-text-index.ts';
import type { SqliteDatabase, SqliteStatement } from '../open-database.ts';
import { rowSum } from '../row-sum.ts';

/** Rows removed by one statement: a long entry is hundreds of pages, so few at a time. */
const ROWS_PER_STATEMENT = 16;

interface DropRow {
  n: number;
  first_log: number | null;
  last_log: number | null;
  first_event: number | null;
  last_event: number | null;
}

/**
 * The writer's side of `segments`. Each command is a transaction of its own; removing rows stops after its
 * time, so entries wait no longer than that and a commit.
 */
export class SegmentTable {
  readonly #database: SqliteDatabase;
  readonly #insert: SqliteStatement;
  readonly #dropping: SqliteStatement;
  readonly #finish: SqliteStatement;
  readonly #giveUp: SqliteStatement;
  readonly #tables: { firstRow: SqliteStatement; remove: SqliteStatement[] }[];
  readonly #now: () => number;

  /** `now`: monotonic milliseconds. */
  constructor(database: SqliteDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#insert = database.prepare(
      `INSERT INTO segments SELECT coalesce(max(n), 0) + 1, @firstBlock, @lastBlock, @firstLog, @lastLog, @firstEvent,
         @lastEvent, @firstCommittedMs, @lastCommittedMs, @oldestSeconds, @newestSeconds, @entries, @bytes, @file,
         @fileBytes, @hash, @createdMs, 0, NULL, @sum
       FROM segments HAVING coalesce(max(last_block), -1) = @firstBlock - 1`,
    );
    this.#dropping = database.prepare(
      `SELECT n, first_log, last_log, first_event, last_event FROM segments WHERE dropped = 0 ORDER BY n LIMIT 1`,
    );
    this.#finish = database.prepare('UPDATE segments SET dropped = 1 WHERE n = ?');
    this.#giveUp = database.prepare(
      'UPDATE segments SET removed_ms = ? WHERE n = ? AND removed_ms IS NULL',
    );
    const removeFrom = (table: string, key: string) =>
      database.prepare(`DELETE FROM ${table} WHERE ${key} BETWEEN ? AND ?`);
    const firstOf = (table: string, key: string) =>
      database
        .prepare(`SELECT ${key} FROM ${table} WHERE ${key} >= ? ORDER BY ${key} LIMIT 1`)
        .pluck() as SqliteStatement;
    const logs = [removeFrom('logs', 'id')];
    if (hasFullText(database)) logs.push(removeFrom('logs_fts', 'rowid'));
    this.#tables = [
      { firstRow: firstOf('logs', 'id'), remove: logs },
      { firstRow: firstOf('file_events', 'seq'), remove: [removeFrom('file_events', 'seq')] },
    ];
  }

  run(command: SegmentCommand): UpkeepResult {
    const startedMs = this.#now();
    const rows = this.#database.transaction(() => this.#change(command, startedMs)).immediate();
    const isDropping = this.#dropping.get() !== undefined;
    return { rows, isDropping, durationMs: this.#now() - startedMs };
  }

  #change(command: SegmentCommand, startedMs: number): number {
    switch (command.type) {
      case 'beginSegment':
        // Asked again after it was done, it changes nothing: the segment does not follow the last one any more.
        this.#insert.run(parameters(command.segment));
        return this.#drop(startedMs + command.budgetMs);
      case 'dropRows':
        return this.#drop(startedMs + command.budgetMs);
      case 'giveUpFile':
        this.#giveUp.run(command.nowMs, command.n);
        return 0;
    }
  }

  #drop(untilMs: number): number {
    let count = 0;
    do {
      const segment = this.#dropping.get() as DropRow | undefined;
      if (!segment) break;
      const removed = this.#removeSome(segment);
      if (removed === 0) this.#finish.run(segment.n);
      count += removed;
    } while (this.#now() < untilMs);
    return count;
  }

  #removeSome(segment: DropRow): number {
    const ranges = [
      [segment.first_log, segment.last_log],
      [segment.first_event, segment.last_event],
    ] as const;
    for (const [index, [first, last]] of ranges.entries()) {
      if (first === null || last === null) continue;
      const { firstRow, remove } = this.#tables[index]!;
      const found = firstRow.get(first) as number | undefined;
      if (found === undefined || found > last) continue;
      const until = Math.min(last, found + ROWS_PER_STATEMENT - 1);
      for (const statement of remove) statement.run(found, until);
      return until - found + 1;
    }
    return 0;
  }
}

function parameters<Record extends SegmentRecord>({ sha256, ...segment }: Record) {
  const hash = sha256 === null ? null : Buffer.from(sha256, 'hex');
  const { firstBlock, lastBlock, firstLog, lastLog, firstEvent, lastEvent, file } = segment;
  const { firstCommittedMs, lastCommittedMs, oldestSeconds, newestSeconds, entries, bytes } =
    segment;
  const numbers = [
    ...[firstBlock, lastBlock, firstLog, lastLog, firstEvent, lastEvent],
    ...[firstCommittedMs, lastCommittedMs, oldestSeconds, newestSeconds, entries, bytes],
  ];
  return { ...segment, hash, sum: segmentSum(numbers, file, hash) };
}

/** The check sum of a row: `numbers` are its columns from `first_block` to `bytes`. */
export function segmentSum(
  numbers: readonly (number | null)[],
  file: string | null,
  hash: Uint8Array | null,
): number {
  return rowSum(...numbers.map((number) => number ?? -1), file ?? '', hash ?? '');
}

/** The same blocks in another file. */
export function replaceFile(database: SqliteDatabase, segment: StoredSegment): void {
  const sql = `UPDATE segments SET file = @file, file_bytes = @fileBytes, sha256 = @hash, sum = @sum WHERE n = @n`;
  const { n, file, fileBytes, hash, sum } = parameters(segment);
  database.prepare(sql).run({ n, file, fileBytes, hash, sum });
}

/** What `sum` is over, as SQL. */
export const SEGMENT_SUM_COLUMNS = `first_block, last_block, coalesce(first_log, -1), coalesce(last_log, -1),
  coalesce(first_event, -1), coalesce(last_event, -1), first_committed_ms, last_committed_ms,
  coalesce(oldest_seconds, -1), coalesce(newest_seconds, -1), entries, bytes, coalesce(file, ''), coalesce(sha256, '')`;

const COLUMNS = `n, first_block AS firstBlock, last_block AS lastBlock, first_log AS firstLog, last_log AS lastLog,
  first_event AS firstEvent, last_event AS lastEvent, first_committed_ms AS firstCommittedMs,
  last_committed_ms AS lastCommittedMs, oldest_seconds AS oldestSeconds, newest_seconds AS newestSeconds, entries,
  bytes, file, file_bytes AS fileBytes, lower(hex(sha256)) AS sha256, created_ms AS createdMs,
  dropped AS isDropped, removed_ms AS removedMs`;

/** Every segment, oldest first. */
export function readSegments(database: SqliteDatabase): StoredSegment[] {
  const rows = database.prepare(`SELECT ${COLUMNS} FROM segments ORDER BY n`).all() as (Omit<
    StoredSegment,
    'isDropped'
  > & { isDropped: number })[];
  return rows.map((row) => ({
    ...row,
    sha256: row.file === null ? null : row.sha256,
    isDropped: row.isDropped === 1,
  }));
}
