import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { LEDGER_MIGRATIONS } from '#codi/workers/storage/migrations/ledger.js';
import { migrate } from '#codi/workers/storage/migrations/migrate.js';
import { STATE_MIGRATIONS } from '#codi/workers/storage/migrations/state.js';
import { openForWriting, type StoreKind } from '#codi/workers/storage/open-database.js';
import { fileOf, readTrace, underStrace } from './strace.ts';

export const MIGRATIONS = { ledger: LEDGER_MIGRATIONS, state: STATE_MIGRATIONS } as const;

const OPENER = fileURLToPath(new URL('open-store.mjs', import.meta.url));
const CALLS = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'unlink'];
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

type Rows = Record<string, unknown[]>;

/** A store as a release of that version left it, made by its own migrations and filled from a present one. */
export function writeOlderStore(path: string, kind: StoreKind, version: number, from: string) {
  const present = new Database(from, { readonly: true });
  const applicationId = present.pragma('application_id', { simple: true }) as number;
  present.close();
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  migrate(database, MIGRATIONS[kind].slice(0, version), applicationId);
  database.prepare('ATTACH ? AS present').run(from);
  for (const table of tables(database)) {
    const columns = columnsOf(database, table).join(', ');
    database.exec(`DELETE FROM ${table}`);
    database.exec(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM present.${table}`);
  }
  database.exec('DETACH present');
  database.close();
}

/** Every row of every table of an older version, in the columns it had. */
export function readRows(path: string, kind: StoreKind, version: number): Rows {
  const model = new Database(':memory:');
  migrate(model, MIGRATIONS[kind].slice(0, version), 0);
  const database = new Database(path, { readonly: true });
  try {
    return Object.fromEntries(
      tables(model).map((table) => {
        const columns = columnsOf(model, table).join(', ');
        return [table, database.prepare(`SELECT ${columns} FROM ${table} ORDER BY 1, 2`).all()];
      }),
    );
  } finally {
    database.close();
    model.close();
  }
}

/** Points at which opening this store can be killed: each write, sync or removal, in order. */
export interface MigrationPoint {
  call: string;
  n: number;
}

export function countPoints(store: string, dir: string, kind: StoreKind): MigrationPoint[] {
  const path = copyStore(store, dir, kind);
  const trace = join(dir, 'trace');
  const { status, stderr } = traced(path, kind, trace, CALLS.join(','), []);
  if (status !== 0) throw new Error(stderr);
  const counts = new Map<string, number>();
  for (const call of readTrace(readFileSync(trace, 'utf8'))) {
    if (fileOf(call)?.startsWith(path)) counts.set(call.name, (counts.get(call.name) ?? 0) + 1);
  }
  return [...counts].flatMap(([call, count]) =>
    Array.from({ length: count }, (_, at) => ({ call, n: at + 1 })),
  );
}

/** Opens a copy of the store in a process that is killed at the point. Returns its path, and whether it was. */
export function killAt(
  store: string,
  dir: string,
  kind: StoreKind,
  { call, n }: MigrationPoint,
): { path: string; wasKilled: boolean } {
  const path = copyStore(store, dir, kind);
  const inject = ['-e', `inject=${call}:signal=SIGKILL:when=${n}`];
  const { status } = traced(path, kind, join(dir, 'trace'), call, inject);
  return { path, wasKilled: status !== 0 };
}

/** As a writer does it; closed again. Returns the schema version it found before and left. */
export function openAgain(path: string, kind: StoreKind): { before: number; after: number } {
  const found = new Database(path);
  const before = found.pragma('user_version', { simple: true }) as number;
  found.close();
  const database = openForWriting(path, kind);
  const after = database.pragma('user_version', { simple: true }) as number;
  const sick = database.pragma('integrity_check', { simple: true });
  database.close();
  if (sick !== 'ok') throw new Error(`integrity_check: ${String(sick)}`);
  return { before, after };
}

function copyStore(store: string, dir: string, kind: StoreKind): string {
  const path = join(dir, `${kind}.db`);
  for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true });
  for (const suffix of SUFFIXES)
    if (existsSync(store + suffix)) copyFileSync(store + suffix, path + suffix);
  return path;
}

function traced(path: string, kind: StoreKind, trace: string, calls: string, inject: string[]) {
  const files = SUFFIXES.flatMap((suffix) => ['-P', path + suffix]);
  const tracing = ['-y', '-o', trace, ...files, '-e', `trace=${calls}`, ...inject];
  const [program, ...args] = underStrace([...tracing, process.execPath, OPENER, path, kind]);
  return spawnSync(program, args, { encoding: 'utf8' });
}

function tables(database: Database.Database): string[] {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];
}

function columnsOf(database: Database.Database, table: string): string[] {
  return database
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .pluck()
    .all() as string[];
}
