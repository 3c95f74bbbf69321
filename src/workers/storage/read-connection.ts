import { statSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { ArchiveShelf } from './archive/archive-shelf.ts';
import {
  openForReading,
  type SqliteDatabase,
  type SqliteStatement,
  type StoreKind,
} from './open-database.ts';
import type { ReaderOptions } from './reader.messages.ts';
import { addFunctions } from './sql-functions.ts';
import { StatementCache } from './statement-cache.ts';
import { judgeFailure } from './storage-failure.ts';

const DEFAULT_CACHE_BYTES = 4 * 1024 * 1024;
const DEFAULT_BUDGET_MS = 200;
const IDENTITY_BYTES = 6;

/** Tables that a filter's conditions can be asked of. */
export interface RowTables {
  prepare(sql: string): SqliteStatement;
}

/** One thread's read-only view of a store, with its prepared statements. */
export class ReadConnection implements RowTables {
  readonly #database: SqliteDatabase;
  readonly #statements: StatementCache;
  readonly budgetMs: number;
  /** What has left the tables. */
  readonly archive: ArchiveShelf;
  readonly #path: string;
  /** Of the file that was opened. */
  readonly #inode: bigint | undefined;

  constructor(kind: StoreKind, options: ReaderOptions) {
    this.budgetMs = options.budgetMs ?? DEFAULT_BUDGET_MS;
    this.#path = join(options.dataDir, `${kind}.db`);
    this.#inode = inodeOf(this.#path);
    this.#database = openForReading(this.#path, kind, {
      cacheBytes: options.cacheBytes ?? DEFAULT_CACHE_BYTES,
    });
    this.#statements = new StatementCache(this.#database);
    this.archive = new ArchiveShelf(options.dataDir, options.archiveCacheBytes);
    addFunctions(this.#database);
  }

  /** A statement, prepared once per text. `exact`: integers come as bigint. */
  prepare(sql: string, exact = false): SqliteStatement {
    return this.#statements.prepare(sql, exact);
  }

  /** The single value of a query. */
  value<Value>(sql: string, ...values: unknown[]): Value | undefined {
    const row = this.prepare(sql).get(...values) as Record<string, Value> | undefined;
    return row === undefined ? undefined : Object.values(row)[0];
  }

  /** Names the store: its first block hashes entries with their times, so no two stores share it. */
  identity(): string {
    const leaf = this.value<Buffer>('SELECT leaf FROM blocks WHERE n = 0');
    return leaf ? leaf.toString('base64url', 0, IDENTITY_BYTES) : '';
  }

  /** Several reads of one moment: nothing is committed in between for them. */
  snapshot<Result>(read: (database: SqliteDatabase) => Result): Result {
    return this.#database.transaction(() => read(this.#database)).deferred();
  }

  /** Another file has taken the place of the one that is open. */
  isReplaced(): boolean {
    const inode = inodeOf(this.#path);
    return inode !== undefined && inode !== this.#inode;
  }

  close(): void {
    this.archive.clear();
    this.#database.close();
  }
}

/** Undefined where nothing can be seen: what is open goes on being read then. */
function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch {
    return undefined;
  }
}

/** The connections of a reader thread, opened when they are first needed. */
export class ReadConnections {
  readonly #options: ReaderOptions;
  readonly #open = new Map<StoreKind, ReadConnection>();
  readonly #used = new Set<StoreKind>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Forgets which stores were asked for: a task begins. */
  begin(): void {
    this.#used.clear();
  }

  get(kind: StoreKind): ReadConnection {
    this.#used.add(kind);
    let connection = this.#open.get(kind);
    if (!connection || connection.isReplaced()) {
      connection?.close();
      this.#open.delete(kind);
      connection = new ReadConnection(kind, this.#options);
      this.#open.set(kind, connection);
    }
    return connection;
  }

  /** What a failed read means for the one who asked; broken connections are opened anew next time. */
  failure(error: unknown): CodiError {
    if (isCodiError(error)) return error;
    const { code, message } = judgeFailure(error);
    for (const connection of this.#open.values()) connection.close();
    this.#open.clear();
    const [store, other] = this.#used;
    const isSure = store !== undefined && other === undefined;
    const path = join(this.#options.dataDir, ...(isSure ? [`${store}.db`] : []));
    return new CodiError(code, { reason: message, path, ...(isSure && { store }) });
  }
}
