import { STREAMS, type StreamCode } from './codes.ts';
import type { SqliteDatabase } from './open-database.ts';
import type { LedgerHead } from './ledger.messages.ts';
import { lostNumbers } from './lost-blocks.ts';

/** Where the streams of ledger.db end. A group works on a copy, which counts once it is committed. */
export interface GroupHeads {
  logs: number;
  fileEvents: number;
  roots: number;
  acts: number;
  exports: number;
  /** Count of blocks: the number of the next one. */
  blocks: number;
  committedMs: number | null;
}

/** Reads the highest number a stream has had, 0 for none. */
export function streamEndSql(stream: StreamCode): string {
  return `SELECT coalesce((SELECT last FROM block_ranges WHERE stream = ${stream} ORDER BY block DESC LIMIT 1), 0)`;
}

export function readHeads(database: SqliteDatabase): GroupHeads {
  const one = (sql: string) => database.prepare(sql).pluck().get() as number;
  // Blocks know, also when every row of a stream was archived.
  const end = (stream: StreamCode) => one(streamEndSql(stream));
  const committedMs = database
    .prepare('SELECT committed_ms FROM blocks ORDER BY n DESC LIMIT 1')
    .pluck()
    .get() as number | undefined;
  return {
    logs: end(STREAMS.logs),
    fileEvents: end(STREAMS.fileEvents),
    roots: end(STREAMS.roots),
    acts: end(STREAMS.acts),
    exports: end(STREAMS.exports),
    blocks: one('SELECT coalesce(max(n) + 1, 0) FROM blocks'),
    committedMs: committedMs ?? null,
  };
}

export function ledgerHead(database: SqliteDatabase, heads: GroupHeads): LedgerHead {
  return {
    logs: heads.logs,
    fileEvents: heads.fileEvents,
    lost: lostNumbers(database, [STREAMS.logs, STREAMS.fileEvents]),
    blocks: heads.blocks,
    bytes: databaseBytes(database),
    lastCommitMs: heads.committedMs,
  };
}

export function databaseBytes(database: SqliteDatabase): number {
  return pageCount(database) * (database.pragma('page_size', { simple: true }) as number);
}

export function pageCount(database: SqliteDatabase): number {
  return database.pragma('page_count', { simple: true }) as number;
}
