import type { SqliteDatabase } from './open-database.ts';
import type { LedgerHead } from './ledger.messages.ts';

/** Where the streams of ledger.db end. A group works on a copy, which counts once it is committed. */
export interface GroupHeads {
  logs: number;
  fileEvents: number;
  roots: number;
  acts: number;
  /** Count of blocks: the number of the next one. */
  blocks: number;
  committedMs: number | null;
}

export function readHeads(database: SqliteDatabase): GroupHeads {
  const one = (sql: string) => database.prepare(sql).pluck().get() as number;
  const committedMs = database
    .prepare('SELECT committed_ms FROM blocks ORDER BY n DESC LIMIT 1')
    .pluck()
    .get() as number | undefined;
  return {
    logs: one('SELECT coalesce(max(id), 0) FROM logs'),
    fileEvents: one('SELECT coalesce(max(seq), 0) FROM file_events'),
    roots: one('SELECT coalesce(max(root_id), 0) FROM roots'),
    acts: one('SELECT coalesce(max(seq), 0) FROM acts'),
    blocks: one('SELECT coalesce(max(n) + 1, 0) FROM blocks'),
    committedMs: committedMs ?? null,
  };
}

export function ledgerHead(database: SqliteDatabase, heads: GroupHeads): LedgerHead {
  return {
    logs: heads.logs,
    fileEvents: heads.fileEvents,
    blocks: heads.blocks,
    bytes: databaseBytes(database),
    lastCommitMs: heads.committedMs,
  };
}

export function databaseBytes(database: SqliteDatabase): number {
  const pages = database.pragma('page_count', { simple: true }) as number;
  return pages * (database.pragma('page_size', { simple: true }) as number);
}
