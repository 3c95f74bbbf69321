import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { CodiError } from '../../protocol/errors.ts';
import { chooseCipher, cipherDriver, rawKey } from './cipher/cipher-driver.ts';
import { hasEncryptionCard } from './cipher/encryption-card.ts';
import { storeKey, type StoreKey } from './cipher/store-key.ts';
import { assertHeld, assertWritableDisk, type DirectoryIdentity } from './held-directory.ts';
import { latestVersion, migrate, type Migration } from './migrations/migrate.ts';
import { LEDGER_MIGRATIONS } from './migrations/ledger.ts';
import { STATE_MIGRATIONS } from './migrations/state.ts';

/** 'codL' and 'codS': what `file` and SQLite tools see in the header. */
const APPLICATION_IDS = { ledger: 0x636f_644c, state: 0x636f_6453 } as const;
const MIGRATIONS: Record<StoreKind, readonly Migration[]> = {
  ledger: LEDGER_MIGRATIONS,
  state: STATE_MIGRATIONS,
};
/** First release without the WAL-reset bug (sqlite.org/wal.html, "The WAL-reset bug"). */
const OLDEST_SQLITE = [3, 51, 3] as const;
const SYNCHRONOUS_FULL = 2;

export type StoreKind = keyof typeof APPLICATION_IDS;
export type SqliteDatabase = Database.Database;
export type SqliteStatement = Database.Statement<unknown[]>;

export interface OpenOptions {
  /** Nobody writes to it, so it may be on a disk that nobody can write to. */
  isCopy?: boolean;
  /** Only before the first table is made. */
  pageSizeBytes?: number;
  cacheBytes?: number;
  /** How long a statement waits for another connection's lock. */
  busyTimeoutMs?: number;
  /** Another key than that of this thread's store; null: none. */
  key?: StoreKey | null;
  /** The directory the database must lie in. */
  directory?: DirectoryIdentity;
  /** For tests: makes the disk look full at this many pages. */
  maxPageCount?: number;
}

/** Opens a store for its only writer, creates or migrates it, and proves the settings that durability stands on. */
export function openForWriting(
  path: string,
  kind: StoreKind,
  options: OpenOptions = {},
): SqliteDatabase {
  if (options.directory) assertHeld(dirname(path), options.directory);
  assertWritableDisk(path);
  const database = connect(path, kind, options, { timeout: options.busyTimeoutMs ?? 5_000 });
  try {
    assertSqliteVersion(database);
    assertOurs(database, kind, path);
    if (options.pageSizeBytes) database.pragma(`page_size = ${options.pageSizeBytes}`);
    setUp(database, options);
    assertDurable(database);
    migrate(database, MIGRATIONS[kind], APPLICATION_IDS[kind]);
    if (options.maxPageCount) database.pragma(`max_page_count = ${options.maxPageCount}`);
    return database;
  } catch (error) {
    database.close();
    throw explained(error, path, options);
  }
}

/** Opens a store that a writer has made, for reading only. Throws SQLITE_CANTOPEN when there is none yet. */
export function openForReading(
  path: string,
  kind: StoreKind,
  options: OpenOptions = {},
): SqliteDatabase {
  if (options.isCopy !== true) assertWritableDisk(path);
  const database = connect(path, kind, options, {
    readonly: true,
    fileMustExist: true,
    timeout: options.busyTimeoutMs ?? 1_000,
  });
  try {
    assertSqliteVersion(database);
    assertOurs(database, kind, path);
    setCache(database, options);
    database.pragma('mmap_size = 0');
    database.pragma('query_only = ON');
    return database;
  } catch (error) {
    database.close();
    throw explained(error, path, options);
  }
}

/** Opens a store that a writer has made, to checkpoint it and nothing else. */
export function openForCheckpoints(
  path: string,
  kind: StoreKind,
  options: OpenOptions = {},
): SqliteDatabase {
  assertWritableDisk(path);
  const database = connect(path, kind, options, {
    fileMustExist: true,
    timeout: options.busyTimeoutMs ?? 100,
  });
  try {
    assertSqliteVersion(database);
    assertOurs(database, kind, path);
    setUp(database, { ...options, cacheBytes: options.cacheBytes ?? 1024 * 1024 });
    assertDurable(database);
    return database;
  } catch (error) {
    database.close();
    throw explained(error, path, options);
  }
}

/**
 * Makes a store that is filled and synced before anybody else sees it: its journal is in memory, because an unfinished
 * one is thrown away.
 */
export function openForSalvage(
  path: string,
  kind: StoreKind,
  pageSizeBytes: number,
): SqliteDatabase {
  const database = connect(path, kind, {}, {});
  try {
    assertSqliteVersion(database);
    database.pragma(`page_size = ${pageSizeBytes}`);
    // better-sqlite3 does not let a journal be switched off; on the disk it would cost as much as the pages.
    for (const setting of ['journal_mode = MEMORY', 'synchronous = OFF', 'foreign_keys = OFF'])
      database.pragma(setting);
    setCache(database, {});
    migrate(database, MIGRATIONS[kind], APPLICATION_IDS[kind]);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * The last statement to a store that was made beside the one in use. Were it left to its first writer, a kill would
 * leave a journal of this change, which no reader may take back: they would take the store for damaged.
 */
export function leaveAsStore(database: SqliteDatabase): void {
  database.pragma('journal_mode = WAL');
}

/** An empty store that lives as long as it is open, for computing what a stored one should hold. */
export function openInMemory(kind: StoreKind): SqliteDatabase {
  const database = new Database(':memory:');
  database.pragma('temp_store = MEMORY');
  migrate(database, MIGRATIONS[kind], APPLICATION_IDS[kind]);
  return database;
}

/** Whether a SQLite release has the fix this store needs. */
export function isSqliteNewEnough(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part !== oldest) return part > oldest;
  }
  return true;
}

/**
 * The one place that opens a file of a store. With a key it is SQLite with a cipher that does: a process opens a file
 * with one of the two libraries alone, because neither knows of the other's locks.
 */
function connect(
  path: string,
  kind: StoreKind,
  { key = storeKey() }: OpenOptions,
  options: Database.Options,
): SqliteDatabase {
  if (!key) return new Database(path, options);
  const database = new (cipherDriver())(path, options);
  try {
    chooseCipher(database);
    database.key(rawKey(key.forDatabase(kind)));
    // What SQLite sorts on the disk it would write there in plain.
    database.pragma('temp_store = MEMORY');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A thread that has not got the key must not take the store for damaged. */
function explained(error: unknown, path: string, { key = storeKey() }: OpenOptions): unknown {
  const isUnreadable = (error as { code?: unknown }).code === 'SQLITE_NOTADB';
  if (key || !isUnreadable || !hasEncryptionCard(dirname(path))) return error;
  return new CodiError('CODI_STORE_ENCRYPTED', { path }, { cause: error });
}

function assertSqliteVersion(database: SqliteDatabase): void {
  const version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
  if (!isSqliteNewEnough(version)) {
    throw new CodiError('CODI_SQLITE_TOO_OLD', {
      found: version,
      needed: OLDEST_SQLITE.join('.'),
    });
  }
}

function assertOurs(database: SqliteDatabase, kind: StoreKind, path: string): void {
  const applicationId = database.pragma('application_id', { simple: true }) as number;
  const version = database.pragma('user_version', { simple: true }) as number;
  const isNew = applicationId === 0 && version === 0;
  if (!isNew && applicationId !== APPLICATION_IDS[kind]) {
    throw new CodiError('CODI_STORE_CORRUPT', {
      path,
      reason: `application_id ${applicationId} is not that of a codi ${kind} database`,
    });
  }
  const latest = latestVersion(MIGRATIONS[kind]);
  if (version > latest) {
    throw new CodiError('CODI_DATA_NEWER', { path, found: version, known: latest });
  }
}

function setUp(database: SqliteDatabase, options: OpenOptions): void {
  database.pragma('journal_mode = WAL');
  // better-sqlite3 is built so that WAL means NORMAL, which may lose answered commits with the power.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('wal_autocheckpoint = 0');
  database.pragma('mmap_size = 0');
  database.pragma('trusted_schema = OFF');
  setCache(database, options);
}

function setCache(database: SqliteDatabase, options: OpenOptions): void {
  const cacheBytes = options.cacheBytes ?? 16 * 1024 * 1024;
  database.pragma(`cache_size = ${-Math.max(1, Math.floor(cacheBytes / 1024))}`);
}

function assertDurable(database: SqliteDatabase): void {
  const settings = {
    journal_mode: 'wal',
    synchronous: SYNCHRONOUS_FULL,
    foreign_keys: 1,
    wal_autocheckpoint: 0,
    mmap_size: 0,
  };
  for (const [name, expected] of Object.entries(settings)) {
    const actual: unknown = database.pragma(name, { simple: true }) ?? 0;
    if (actual !== expected) {
      throw new CodiError('CODI_INTERNAL', {
        reason: `PRAGMA ${name} is ${String(actual)}, not ${expected}`,
      });
    }
  }
}
