import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreStats } from '../archive.messages.ts';
import { STREAMS, type StreamCode } from '../codes.ts';
import { streamEndSql } from '../group-heads.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import { readSpace } from './plan-segment.ts';
import { reservedBytes } from './reserve-file.ts';
import { readSegments } from './segment-table.ts';

const LEDGER_STREAMS = [
  { name: 'logs', table: 'logs', key: 'id', stream: STREAMS.logs },
  { name: 'file_events', table: 'file_events', key: 'seq', stream: STREAMS.fileEvents },
  { name: 'roots', table: 'roots', key: 'root_id', stream: STREAMS.roots },
  { name: 'acts', table: 'acts', key: 'seq', stream: STREAMS.acts },
  { name: 'export_archive', table: 'export_archive', key: 'id', stream: STREAMS.exports },
] as const;
const STATE_STREAMS = [
  { name: 'coordination', table: 'coordination', key: 'seq', stream: STREAMS.coordination },
] as const;

/** What both databases and the archive hold, from the ends of streams: nothing is scanned. */
export function readStats(
  ledger: SqliteDatabase,
  state: SqliteDatabase,
  dataDir: string,
): StoreStats {
  const kept = readSegments(ledger).filter(({ file, removedMs }) => file && removedMs === null);
  const sum = (of: (segment: (typeof kept)[number]) => number) =>
    kept.reduce((total, segment) => total + of(segment), 0);
  return {
    databases: [sizes(ledger, 'ledger', dataDir), sizes(state, 'state', dataDir)],
    streams: [
      ...LEDGER_STREAMS.filter(({ table }) => hasTable(ledger, table)).map((stream) =>
        streamStats(ledger, stream),
      ),
      ...STATE_STREAMS.map((stream) => streamStats(state, stream)),
    ],
    blocks: value(ledger, 'SELECT max(n) + 1 FROM blocks') ?? 0,
    oldestMs: oldestLive(ledger),
    newestMs: value(ledger, 'SELECT committed_ms FROM blocks ORDER BY n DESC LIMIT 1'),
    reserveBytes: reservedBytes(dataDir),
    archive: {
      segments: kept.length,
      entries: sum(({ entries }) => entries),
      bytes: sum(({ fileBytes }) => fileBytes),
      oldestMs: kept[0]?.firstCommittedMs ?? null,
    },
  };
}

function sizes(database: SqliteDatabase, kind: StoreKind, dataDir: string) {
  const { pageBytes, pages, freePages } = readSpace(database);
  return {
    name: `${kind}.db`,
    bytes: pages * pageBytes,
    freeBytes: freePages * pageBytes,
    walBytes: statSync(join(dataDir, `${kind}.db-wal`), { throwIfNoEntry: false })?.size ?? 0,
  };
}

function streamStats(
  database: SqliteDatabase,
  { name, table, key, stream }: { name: string; table: string; key: string; stream: StreamCode },
) {
  const last = value(database, streamEndSql(stream)) ?? 0;
  // Dense, and removed from its beginning only.
  const first = value(database, `SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT 1`);
  return { name, rows: first === null ? 0 : last - first + 1, last };
}

/** A ledger that no writer of this version has opened yet may be without the newest. */
function hasTable(database: SqliteDatabase, table: string): boolean {
  return value(database, `SELECT 1 FROM sqlite_schema WHERE name = '${table}'`) !== null;
}

function oldestLive(ledger: SqliteDatabase): number | null {
  return value(
    ledger,
    `SELECT committed_ms FROM blocks
     WHERE n > (SELECT coalesce(max(last_block), -1) FROM segments) ORDER BY n LIMIT 1`,
  );
}

function value(database: SqliteDatabase, sql: string): number | null {
  return (database.prepare(sql).pluck().get() as number | null | undefined) ?? null;
}
