import { EXPORT_KINDS } from '../../../protocol/export-names.ts';
import { EXPORT_STATES } from '../../../protocol/export-words.ts';
import type { BytePath } from '../../../protocol/byte-path.ts';
import { SESSION_BY } from '../../../protocol/kinds.ts';
import { parseJsonText } from '../../../protocol/json-text.ts';
import type { BodyOf, ExportRow } from '../../../protocol/messages.ts';
import type { ExportArchiveRow } from '../canonical-export.ts';
import { wordOf } from '../codes.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { EXPORT_CURSOR } from '../export-stream.ts';
import type { ExportPlace, LastExport, SecretCounts } from '../exports.messages.ts';
import { PageRows } from '../page-rows.ts';
import { pathToValue } from '../path-value.ts';
import type { ReadConnection } from '../read-connection.ts';
import type { Page } from '../reader.messages.ts';
import { filterPath, filterTime, hexText, shownPath, timeText } from '../row-values.ts';
import { Conditions } from '../sql-conditions.ts';

type Columns = Omit<ExportArchiveRow, 'capture_id' | 'dev' | 'ino'> & { pruned_ms: number | null };

/** Many times of what one run of retention gives up. */
const PRUNED_MAX = 10_000;
const ROWS = `SELECT e.id, e.seconds, e.nanos, e.state, e.kind, e.original_path, e.archive_path, e.file_size, e.checksum,
    e.base, e.stored_bytes, e.mtime_seconds, e.mtime_nanos, e.session_id, e.session_by, e.reason, e.facts, e.tenant_id,
    e.user_id, p.pruned_ms
  FROM export_archive e LEFT JOIN export_pruned p ON p.checksum = e.checksum`;
const LAST = `SELECT e.id, e.state, e.kind, e.checksum, e.file_size, e.dev, e.ino, e.mtime_seconds, e.mtime_nanos, e.facts,
    p.pruned_ms
  FROM export_archive e LEFT JOIN export_pruned p ON p.checksum = e.checksum
  WHERE e.original_path = ? ORDER BY e.id DESC LIMIT 1`;

/** A page of export rows, in order of id. */
export function queryExports(
  connection: ReadConnection,
  { filter, cursor, limit, order }: BodyOf<'QueryExports'>,
): Page<ExportRow> {
  const isNewest = filter.after_id == null && order !== 'oldest';
  const tag = isNewest ? 'exports newest' : 'exports oldest';
  const conditions = conditionsOf(filter);
  if (cursor != null) {
    const [id] = decodeCursor(connection, tag, ['number'] as const, cursor);
    conditions.add(isNewest ? 'e.id < ?' : 'e.id > ?', id);
  }
  const page = new PageRows<ExportRow>(limit);
  const rows = connection
    .prepare(
      `${ROWS} WHERE e.id > 0${conditions.andSql} ORDER BY e.id ${isNewest ? 'DESC' : 'ASC'} LIMIT ?`,
    )
    .iterate(...conditions.values, page.wanted) as IterableIterator<Columns>;
  let last = 0;
  for (const row of rows) {
    if (!page.add(wireRow(row)))
      return { rows: page.rows, next: encodeCursor(connection, tag, [last]) };
    last = row.id;
  }
  return { rows: page.rows };
}

/** The newest row of a path. */
export function lastExport(connection: ReadConnection, path: BytePath): LastExport | null {
  const row = connection.prepare(LAST, true).get(pathToValue(path)) as
    | (Record<'id' | 'state' | 'kind', bigint> &
        Record<'file_size' | 'mtime_seconds' | 'mtime_nanos' | 'pruned_ms', bigint | null> & {
          checksum: Buffer | null;
          dev: bigint | null;
          ino: bigint | null;
          facts: string | null;
        })
    | undefined;
  if (!row) return null;
  const size = row.file_size === null ? null : Number(row.file_size);
  const hasIdentity = row.ino !== null && size !== null;
  return {
    id: Number(row.id),
    state: wordOf(EXPORT_STATES, Number(row.state)),
    kind: wordOf(EXPORT_KINDS, Number(row.kind)),
    checksum: row.checksum && hexText(row.checksum),
    size,
    identity: hasIdentity
      ? {
          dev: BigInt.asUintN(64, row.dev!),
          ino: BigInt.asUintN(64, row.ino!),
          size,
          mtimeNs: row.mtime_seconds! * 1_000_000_000n + row.mtime_nanos!,
        }
      : null,
    secrets: factsOf(row.facts).secrets ?? {},
    isPruned: row.pruned_ms !== null,
  };
}

/** Where the exports actor goes on; from the beginning when it has never worked. */
export function exportPlace(connection: ReadConnection): ExportPlace {
  const text = connection.value<string>('SELECT value FROM meta WHERE key = ?', EXPORT_CURSOR);
  if (text === undefined) return { seq: 0, rules: '' };
  const { seq, rules } = JSON.parse(text) as ExportPlace;
  return { seq, rules };
}

/** Contents that policy gave up, hex: the newest of them, among which are those of a run that was interrupted. */
export function prunedExports(connection: ReadConnection): string[] {
  const sql = `SELECT checksum FROM export_pruned ORDER BY pruned_ms DESC LIMIT ${PRUNED_MAX}`;
  return (connection.prepare(sql).all() as { checksum: Buffer }[]).map(({ checksum }) =>
    hexText(checksum),
  );
}

function conditionsOf(filter: BodyOf<'QueryExports'>['filter']): Conditions {
  const conditions = new Conditions();
  const addTime = (sql: string, text: string | null | undefined) => {
    if (text == null) return;
    const { seconds, nanos } = filterTime(text);
    conditions.add(sql, seconds, nanos);
  };
  addTime('(e.seconds, e.nanos) >= (?, ?)', filter.since);
  addTime('(e.seconds, e.nanos) < (?, ?)', filter.until);
  if (filter.id != null) conditions.add('e.id = ?', filter.id);
  if (filter.after_id != null) conditions.add('e.id > ?', filter.after_id);
  if (filter.session_id != null) conditions.add('e.session_id = ?', filter.session_id);
  if (filter.path != null)
    conditions.add('e.original_path = ?', pathToValue(filterPath(filter.path)));
  if (filter.checksum != null)
    conditions.add('e.checksum = ?', Buffer.from(filter.checksum, 'hex'));
  if (filter.state != null) conditions.add('e.state = ?', EXPORT_STATES.indexOf(filter.state));
  if (filter.kind != null) conditions.add('e.kind = ?', EXPORT_KINDS.indexOf(filter.kind));
  return conditions;
}

function wireRow(row: Columns): ExportRow {
  const { path, path_b64 } = shownPath(row.original_path);
  const { secrets } = factsOf(row.facts);
  const hasSecrets = secrets !== undefined && Object.keys(secrets).length > 0;
  return {
    id: row.id,
    original_path: path,
    ...(path_b64 !== undefined && { original_path_b64: path_b64 }),
    ...(row.archive_path !== null && { archive_path: row.archive_path }),
    ...(row.session_id !== null && { session_id: row.session_id }),
    ...(row.session_by !== null && { session_by: wordOf(SESSION_BY, row.session_by) }),
    ...(row.file_size !== null && { size: row.file_size }),
    ...(row.checksum !== null && { checksum: hexText(row.checksum) }),
    captured_at: timeText(row.seconds, row.nanos),
    state: wordOf(EXPORT_STATES, row.state),
    kind: wordOf(EXPORT_KINDS, row.kind),
    ...(row.mtime_seconds !== null && {
      modified_at: timeText(row.mtime_seconds, row.mtime_nanos ?? 0),
    }),
    ...(row.stored_bytes !== null && { stored_bytes: row.stored_bytes }),
    ...(row.base !== null && { base: hexText(row.base) }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(hasSecrets && { secrets: { ...secrets } }),
    ...(row.pruned_ms !== null && { pruned_at: new Date(row.pruned_ms).toISOString() }),
    ...(row.tenant_id !== null && { tenant_id: row.tenant_id }),
    ...(row.user_id !== null && { user_id: row.user_id }),
  };
}

function factsOf(text: string | null): { secrets?: SecretCounts } {
  return text === null ? {} : (parseJsonText(text) as { secrets?: SecretCounts });
}
