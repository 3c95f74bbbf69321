import type { FileEventRecord } from '../../protocol/file-event.ts';
import { SESSION_BY } from '../../protocol/kinds.ts';
import { appendFileEvent, CanonicalBuffer, type FileEventRow } from './canonical.ts';
import { codeOf, EVENTS, KINDS, SEEN } from './codes.ts';
import { MultiInsert } from './multi-insert.ts';
import type { EventContent } from './file-index.ts';
import type { SqliteDatabase } from './open-database.ts';
import { pathToValue } from './path-value.ts';
import { statColumns } from './stat-columns.ts';
import { FILE_EVENT_COLUMNS } from './stored-rows.ts';

export interface EventOwner {
  tenantId: string | null;
  userId: string | null;
  sessionId: string | null;
}

const NO_STAT = {
  dev: null,
  ino: null,
  stat_size: null,
  mtime_seconds: null,
  mtime_nanos: null,
  ctime_seconds: null,
  ctime_nanos: null,
  mode: null,
  nlink: null,
} as const;
const COLUMNS = FILE_EVENT_COLUMNS.split(', ') as (keyof FileEventRow)[];

/** The file events of one transaction: rows and their canonical bytes grow together. */
export class FileEventStream {
  readonly canonical = new CanonicalBuffer();
  readonly #insert: MultiInsert;

  constructor(database: SqliteDatabase) {
    this.#insert = new MultiInsert(database, 'file_events', FILE_EVENT_COLUMNS);
  }

  add(row: FileEventRow): void {
    const { values, start } = this.#insert;
    COLUMNS.forEach((column, index) => (values[start + index] = row[column] ?? null));
    this.#insert.rowAdded();
    appendFileEvent(this.canonical, row);
  }

  flush(): void {
    this.#insert.flush();
  }

  reset(): void {
    this.#insert.discard();
    this.canonical.clear();
  }
}

/** The row that a record becomes. */
export function fileEventRow(
  seq: number,
  rootId: number,
  record: FileEventRecord,
  owner: EventOwner,
  content: EventContent,
): FileEventRow {
  return {
    seq,
    root_id: rootId,
    seconds: record.seconds,
    nanos: record.nanos,
    event: codeOf(EVENTS, record.event),
    kind: codeOf(KINDS, record.kind),
    path: pathToValue(record.path),
    from_path: record.from === undefined ? null : pathToValue(record.from),
    size: record.size,
    old_size: record.oldSize ?? null,
    seen: codeOf(SEEN, record.seen),
    ...(record.stat ? statColumns(record.stat) : NO_STAT),
    checksum: content.now,
    ...sessionColumns(record.session, owner),
    old_checksum: content.before,
  };
}

function sessionColumns(session: FileEventRecord['session'], owner: EventOwner) {
  const id = session?.id ?? owner.sessionId;
  return {
    session_id: id,
    session_by: id === null ? null : codeOf(SESSION_BY, session?.by ?? 'config'),
    tenant_id: session?.tenantId ?? owner.tenantId,
    user_id: session?.userId ?? owner.userId,
  };
}
