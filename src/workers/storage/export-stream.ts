import { EXPORT_STATES } from '../../protocol/export-words.ts';
import { EXPORT_KINDS } from '../../protocol/export-names.ts';
import { SESSION_BY } from '../../protocol/kinds.ts';
import { CanonicalBuffer } from './canonical.ts';
import { appendExport, type ExportArchiveRow } from './canonical-export.ts';
import { codeOf } from './codes.ts';
import type { GroupHeads } from './group-heads.ts';
import type { ExportRecord, ExportsMessage, LedgerOptions } from './ledger.messages.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { pathToValue } from './path-value.ts';
import { rowSum } from './row-sum.ts';
import { splitNs } from './stat-columns.ts';
import { EXPORT_COLUMNS } from './stored-rows.ts';

/** Key of `meta`: file events up to this one are done with, as JSON {seq, rules}. */
export const EXPORT_CURSOR = 'export_cursor';

/** Captured files: rare, so one row at a time. A replayed one is found by its id. */
export class ExportStream {
  readonly canonical = new CanonicalBuffer(1024);
  readonly #known: SqliteStatement;
  readonly #isKept: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #setCursor: SqliteStatement;
  readonly #isRecent: SqliteStatement;
  readonly #prune: SqliteStatement;
  readonly #unprune: SqliteStatement;
  readonly #owner: { tenant_id: string | null; user_id: string | null };

  constructor(database: SqliteDatabase, { tenantId, userId }: LedgerOptions) {
    this.#known = database
      .prepare('SELECT 1 FROM export_archive WHERE capture_id = ?')
      .pluck() as SqliteStatement;
    this.#isKept = database
      .prepare(
        'SELECT 1 FROM export_archive WHERE checksum = ? AND archive_path IS NOT NULL LIMIT 1',
      )
      .pluck() as SqliteStatement;
    const places = EXPORT_COLUMNS.split(', ').map((column) => `@${column}`);
    this.#insert = database.prepare(
      `INSERT INTO export_archive (${EXPORT_COLUMNS}) VALUES (${places.join(', ')})`,
    );
    this.#setCursor = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    this.#isRecent = database
      .prepare('SELECT 1 FROM export_archive WHERE checksum = ? AND seconds >= ? LIMIT 1')
      .pluck() as SqliteStatement;
    this.#prune = database.prepare('INSERT OR REPLACE INTO export_pruned VALUES (?, ?, ?)');
    this.#unprune = database.prepare('DELETE FROM export_pruned WHERE checksum = ?');
    this.#owner = { tenant_id: tenantId ?? null, user_id: userId ?? null };
  }

  take({ records, cursor, pruned }: ExportsMessage, heads: GroupHeads): void {
    for (const record of records) {
      // What is stored again is there again for the rows from before.
      if (record.archivePath !== null) this.#unprune.run(record.checksum);
      if (this.#known.get(record.captureId) !== undefined) continue;
      heads.exports += 1;
      const row: ExportArchiveRow = {
        ...rowOf(record),
        ...this.#kept(record),
        id: heads.exports,
        tenant_id: record.session?.tenantId ?? this.#owner.tenant_id,
        user_id: record.session?.userId ?? this.#owner.user_id,
      };
      this.#insert.run(row);
      appendExport(this.canonical, row);
    }
    for (const { checksum, atMs, sinceMs } of pruned)
      if (this.#isRecent.get(checksum, Math.floor(sinceMs / 1_000)) === undefined)
        this.#prune.run(checksum, atMs, rowSum(checksum, atMs));
    if (cursor) this.#setCursor.run(EXPORT_CURSOR, JSON.stringify(cursor));
  }

  /** A file that was stored by somebody who was killed before its row was written is nobody's duplicate. */
  #kept({ state, checksum, storedBytes }: ExportRecord) {
    if (state !== 'duplicate') return {};
    const isOne = this.#isKept.get(checksum) !== undefined;
    return {
      state: codeOf(EXPORT_STATES, isOne ? 'duplicate' : 'captured'),
      stored_bytes: isOne ? 0 : storedBytes,
    };
  }

  reset(): void {
    this.canonical.clear();
  }
}

function rowOf(record: ExportRecord): Omit<ExportArchiveRow, 'id' | 'tenant_id' | 'user_id'> {
  const { stat } = record;
  const mtime = stat && splitNs(stat.mtimeNs);
  return {
    capture_id: record.captureId,
    seconds: record.seconds,
    nanos: record.nanos,
    state: codeOf(EXPORT_STATES, record.state),
    kind: codeOf(EXPORT_KINDS, record.kind),
    original_path: pathToValue(record.path),
    archive_path: record.archivePath,
    file_size: record.size,
    checksum: record.checksum,
    base: record.base,
    stored_bytes: record.storedBytes,
    dev: stat && BigInt.asIntN(64, stat.dev),
    ino: stat && BigInt.asIntN(64, stat.ino),
    mtime_seconds: mtime && mtime.seconds,
    mtime_nanos: mtime && mtime.nanos,
    session_id: record.session?.id ?? null,
    session_by: record.session && codeOf(SESSION_BY, record.session.by),
    reason: record.reason,
    facts: record.facts,
  };
}
