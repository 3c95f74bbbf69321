/** Reads entries back as the canonical encoding wants them, with every integer exact. */
import {
  appendAct,
  appendCoordination,
  appendFileEvent,
  appendLog,
  appendRoot,
  type ActRow,
  type CanonicalBuffer,
  type CoordinationRow,
  type FileEventRow,
  type LogRow,
  type RootRow,
} from './canonical.ts';
import { appendExport, type ExportArchiveRow } from './canonical-export.ts';
import { isUtf8 } from 'node:buffer';
import { STREAMS } from './codes.ts';
import type { SqliteDatabase, SqliteStatement, StoreKind } from './open-database.ts';
import { presentColumns } from './present-columns.ts';

export const LOG_COLUMNS =
  'id, seconds, nanos, level, component, session_id, message, metadata, tenant_id, user_id, created_ms, session_by';
/** Those of `logs` that a store has: see presentColumns. */
export function logColumns(tables: Parameters<typeof presentColumns>[0]): string {
  return presentColumns(tables, 'logs', LOG_COLUMNS);
}
export const FILE_EVENT_COLUMNS =
  'seq, root_id, seconds, nanos, event, kind, path, from_path, size, old_size, seen, ' +
  'dev, ino, stat_size, mtime_seconds, mtime_nanos, ctime_seconds, ctime_nanos, mode, nlink, ' +
  'checksum, session_id, tenant_id, user_id, old_checksum, session_by';
export const COORDINATION_COLUMNS =
  'seq, revision, seconds, nanos, kind, subject, data, session_id, tenant_id, user_id';
export const ROOT_COLUMNS = 'root_id, path, created_ms';
export const ACT_COLUMNS =
  'seq, act_id, seconds, nanos, kind, subject, actor, data, tenant_id, user_id';

export const EXPORT_COLUMNS =
  'id, capture_id, seconds, nanos, state, kind, original_path, archive_path, file_size, checksum, base, ' +
  'stored_bytes, dev, ino, mtime_seconds, mtime_nanos, session_id, session_by, reason, facts, tenant_id, user_id';

/** Columns by name, as the tables hold them. */
export type StoredRow = Record<string, unknown>;
interface StreamReader {
  select: SqliteStatement;
  last: SqliteStatement;
}

/** The streams of a store, readable by range. */
export class StoredRows {
  /** Prepared when they are first asked for: a database from before has no table of a later stream. */
  readonly #streams = new Map<number, () => StreamReader>();
  readonly #readers = new Map<number, StreamReader>();

  constructor(database: SqliteDatabase, kind: StoreKind) {
    const add = (stream: number, columns: string, table: string, key: string) =>
      this.#streams.set(stream, () => ({
        select: database
          .prepare(`SELECT ${columns} FROM ${table} WHERE ${key} BETWEEN ? AND ? ORDER BY ${key}`)
          .safeIntegers(true) as SqliteStatement,
        last: database
          .prepare(`SELECT coalesce(max(${key}), 0) FROM ${table}`)
          .pluck() as SqliteStatement,
      }));
    if (kind === 'state') {
      add(STREAMS.coordination, COORDINATION_COLUMNS, 'coordination', 'seq');
      return;
    }
    add(STREAMS.logs, logColumns(database), 'logs', 'id');
    const eventColumns = presentColumns(database, 'file_events', FILE_EVENT_COLUMNS);
    add(STREAMS.fileEvents, eventColumns, 'file_events', 'seq');
    add(STREAMS.roots, ROOT_COLUMNS, 'roots', 'root_id');
    add(STREAMS.acts, ACT_COLUMNS, 'acts', 'seq');
    add(STREAMS.exports, EXPORT_COLUMNS, 'export_archive', 'id');
  }

  has(stream: number): boolean {
    return this.#streams.has(stream);
  }

  /** The highest number in a stream, 0 when it is empty. */
  last(stream: number): number {
    return this.#reader(stream).last.get() as number;
  }

  /** Appends the canonical bytes of a range as it stands in the tables now; returns how many entries there are. */
  append(out: CanonicalBuffer, stream: number, first: number, last: number): number {
    let count = 0;
    for (const row of this.rows(stream, first, last)) {
      appendRow(out, stream, row);
      count++;
    }
    return count;
  }

  /**
   * The rows of a range, every integer but `dev` and `ino` as a number. Throws RangeError for a path that no writer can
   * have stored so: its canonical bytes are the same, but everything that compares paths would miss it.
   */
  *rows(stream: number, first: number, last: number): Generator<StoredRow> {
    for (const row of this.#reader(stream).select.iterate(first, last))
      yield withPaths(withNumbers(row as StoredRow));
  }

  #reader(stream: number): StreamReader {
    const known = this.#readers.get(stream);
    if (known) return known;
    const prepare = this.#streams.get(stream);
    if (!prepare) throw new RangeError(`no stream ${stream} in this store`);
    const reader = prepare();
    this.#readers.set(stream, reader);
    return reader;
  }
}

/** Appends the canonical bytes of one row of a stream. */
export function appendRow(out: CanonicalBuffer, stream: number, row: StoredRow): void {
  switch (stream) {
    case STREAMS.logs:
      return appendLog(out, row as unknown as LogRow);
    case STREAMS.fileEvents:
      return appendFileEvent(out, row as unknown as FileEventRow);
    case STREAMS.coordination:
      return appendCoordination(out, row as unknown as CoordinationRow);
    case STREAMS.roots:
      return appendRoot(out, row as unknown as RootRow);
    case STREAMS.acts:
      return appendAct(out, row as unknown as ActRow);
    case STREAMS.exports:
      return appendExport(out, row as unknown as ExportArchiveRow);
    default:
      throw new RangeError(`no stream ${stream}`);
  }
}

/** A path that is UTF-8 is stored as TEXT (see path-value.ts). */
function withPaths(row: StoredRow): StoredRow {
  for (const name of ['path', 'from_path', 'subject', 'original_path']) {
    const value = row[name];
    if (Buffer.isBuffer(value) && isUtf8(value))
      throw new RangeError(`a ${name} in UTF-8 is stored as bytes`);
  }
  return row;
}

/** Device and inode numbers use all 64 bits; every other integer is a safe one. */
function withNumbers(row: StoredRow): StoredRow {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && name !== 'dev' && name !== 'ino') row[name] = Number(value);
  }
  return row;
}
