/**
 * Checks what a chain does not hold itself but follows from it: the path index is the fold of the file
 * events, sessions and watched paths are what the coordination entries made them. And SQLite's own check.
 * It reads whole tables, so it is for a store that nobody writes to.
 */
import { isDeepStrictEqual } from 'node:util';
import { ArchivedBlocks } from '../archive/archived-blocks.ts';
import { DamagedSegment } from '../archive/segment-format.ts';
import { SEGMENT_SUM_COLUMNS } from '../archive/segment-table.ts';
import { FileIndex } from '../file-index.ts';
import { LOST_SUM_COLUMNS, LostBlocks } from '../lost-blocks.ts';
import { openInMemory, type SqliteDatabase, type StoreKind } from '../open-database.ts';
import { replayCoordination } from '../replay-coordination.ts';
import { rowSum } from '../row-sum.ts';
import { eventRecordOf } from '../stored-event.ts';
import { FILE_EVENT_COLUMNS } from '../stored-rows.ts';

const REPORTED_MAX = 10;

interface SummedTable {
  table: string;
  /** In the order in which they are summed. */
  columns: string;
}

const SUMMED: Record<StoreKind, readonly SummedTable[]> = {
  ledger: [
    { table: 'producers', columns: 'producer_id, sequence, updated_ms' },
    { table: 'recent_ids', columns: 'n, id' },
    { table: 'root_sequences', columns: 'root_id, sequence' },
    { table: 'segments', columns: SEGMENT_SUM_COLUMNS },
    { table: 'lost_blocks', columns: LOST_SUM_COLUMNS },
    { table: 'export_pruned', columns: 'checksum, pruned_ms' },
  ],
  state: [
    { table: 'recent_requests', columns: 'id, answer' },
    { table: 'lost_blocks', columns: LOST_SUM_COLUMNS },
  ],
};

type Row = Record<string, unknown>;

/** What is wrong, in words; at most some of each kind. */
export function verifyTables(database: SqliteDatabase, kind: StoreKind, dataDir: string): string[] {
  return [
    ...integrity(database),
    ...schema(database, kind),
    ...SUMMED[kind].flatMap((table) => sums(database, table)),
    // What follows from entries that are gone cannot be known.
    ...(new LostBlocks(database).nextWithout(0)
      ? []
      : kind === 'ledger'
        ? pathIndex(database, dataDir)
        : stateTables(database)),
  ];
}

/** Every table, index and view of ours must read as its migrations wrote it. */
function schema(database: SqliteDatabase, kind: StoreKind): string[] {
  const memory = openInMemory(kind);
  try {
    const version = (of: SqliteDatabase) => of.pragma('user_version', { simple: true }) as number;
    if (version(database) !== version(memory))
      return [`its schema is version ${version(database)}, not ${version(memory)}`];
    const objects = (of: SqliteDatabase) =>
      of.prepare('SELECT name, type, tbl_name, sql FROM sqlite_schema').all() as Row[];
    const stored = new Map(objects(database).map((row) => [row['name'], row]));
    return objects(memory)
      .filter((row) => !isDeepStrictEqual(stored.get(row['name']), row))
      .map((row) => `the ${String(row['type'])} ${String(row['name'])} is not declared as it was`);
  } finally {
    memory.close();
  }
}

/** Rows outside of every block carry a sum of their own. */
function sums(database: SqliteDatabase, { table, columns }: SummedTable): string[] {
  const rows = database.prepare(`SELECT ${columns}, sum FROM ${table} WHERE sum IS NOT NULL`).raw();
  let damaged = 0;
  for (const row of rows.iterate() as Iterable<(string | number | Buffer)[]>)
    if (rowSum(...row.slice(0, -1)) !== row.at(-1)) damaged += 1;
  return damaged === 0 ? [] : [`${table}: ${damaged} rows do not match their check sum`];
}

function integrity(database: SqliteDatabase): string[] {
  const rows = database
    .prepare(`PRAGMA integrity_check(${REPORTED_MAX})`)
    .pluck()
    .all() as string[];
  return rows.filter((text) => text !== 'ok').map((text) => `SQLite's integrity check: ${text}`);
}

/**
 * The index must be what the events make it. Says nothing where retention has deleted events: what the rest makes of
 * an index is another one.
 */
function pathIndex(database: SqliteDatabase, dataDir: string): string[] {
  const memory = openInMemory('ledger');
  try {
    if (!foldEvents(database, memory, dataDir)) return [];
    const wrong = [
      ...differing(database, memory, (row, expected) => !isDeepStrictEqual(row, expected)).map(
        (path) => `files: the row of ${path} is not what its events make it`,
      ),
      ...differing(memory, database, (_row, stored) => stored === undefined).map(
        (path) => `files: the row of ${path} is missing`,
      ),
    ];
    return wrong.slice(0, REPORTED_MAX);
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    return [`files: they cannot be checked without ${error.message}`];
  } finally {
    memory.close();
  }
}

/** Paths of the first rows of an index that differ from those of the other. */
function differing(
  index: SqliteDatabase,
  other: SqliteDatabase,
  isDifferent: (row: Row, otherRow: Row | undefined) => boolean,
): string[] {
  const rowAt = other.prepare('SELECT * FROM files WHERE root_id = ? AND path = ?');
  rowAt.safeIntegers(true);
  const paths: string[] = [];
  const rows = index.prepare('SELECT * FROM files').safeIntegers(true);
  for (const row of rows.iterate() as Iterable<Row>) {
    if (!isDifferent(row, rowAt.get(row['root_id'], row['path']) as Row | undefined)) continue;
    paths.push(String(row['path']));
    if (paths.length === REPORTED_MAX) break;
  }
  return paths;
}

/** False when not all of them are left. */
function foldEvents(database: SqliteDatabase, memory: SqliteDatabase, dataDir: string): boolean {
  const index = new FileIndex(memory);
  const archive = new ArchivedBlocks(database, dataDir);
  const apply = (row: Row) => index.apply(Number(row['root_id']), eventRecordOf(row));
  memory.exec('BEGIN');
  try {
    const archived = archive.fileEvents();
    let next = archived.next();
    for (; next.done !== true; next = archived.next()) apply(next.value);
    if (!next.value) return false;
    const events = database
      .prepare(`SELECT ${FILE_EVENT_COLUMNS} FROM file_events WHERE seq > ? ORDER BY seq`)
      .safeIntegers(true);
    for (const row of events.iterate(archive.lastFileEvent()) as Iterable<Row>) apply(row);
    return true;
  } finally {
    memory.exec('COMMIT');
    archive.close();
  }
}

function stateTables(database: SqliteDatabase): string[] {
  const memory = openInMemory('state');
  try {
    const revision = replayCoordination(database, memory);
    const wrong = ['sessions', 'monitored_paths'].filter(
      (table) => !isDeepStrictEqual(allRows(database, table), allRows(memory, table)),
    );
    const stored = database.prepare('SELECT value FROM revision').pluck().get();
    if (stored !== revision) wrong.push('revision');
    return wrong.map((table) => `${table}: it is not what the coordination entries make it`);
  } finally {
    memory.close();
  }
}

function allRows(database: SqliteDatabase, table: string): unknown[] {
  return database.prepare(`SELECT * FROM ${table} ORDER BY 1`).safeIntegers(true).all();
}
