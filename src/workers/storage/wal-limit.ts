import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Looks at the log's size once per so many commits. */
const COMMITS_PER_LOOK = 8;
const RESTART_BUSY_MS = 30;

interface CheckpointRow {
  busy: number;
  log: number;
  checkpointed: number;
}

/** Size of a write-ahead log, from the frame count a checkpoint pragma reports. */
export function walBytes(frames: number, pageSizeBytes: number): number {
  return frames <= 0 ? 0 : WAL_HEADER_BYTES + frames * (pageSizeBytes + FRAME_HEADER_BYTES);
}

/**
 * Bounds a writer's own write-ahead log. Under steady load the checkpoint thread never finds a moment
 * in which everything is checkpointed, so past the limit the writer, between two commits, restarts the
 * log itself. A reader may be in the way: then it goes on after a short wait and tries again later.
 */
export class WalLimit {
  readonly #database: SqliteDatabase;
  #limitBytes: number;
  readonly #pageSizeBytes: number;
  readonly #busyTimeoutMs: number;
  readonly #look: SqliteStatement;
  #commits = 0;
  #nextTryBytes: number;
  #seenBytes = 0;

  constructor(database: SqliteDatabase, limitBytes: number, busyTimeoutMs: number) {
    this.#database = database;
    this.#limitBytes = limitBytes;
    this.#nextTryBytes = limitBytes;
    this.#busyTimeoutMs = busyTimeoutMs;
    // A log that a long reader made larger is cut back to the limit once it starts anew.
    database.pragma(`journal_size_limit = ${limitBytes}`);
    this.#pageSizeBytes = database.pragma('page_size', { simple: true }) as number;
    // NOOP (SQLite 3.51) reports the frame counts and does nothing else.
    this.#look = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  change(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    this.#nextTryBytes = limitBytes;
  }

  /** Call after a commit. Errors of the checkpoint itself are the caller's: an fsync may have failed. */
  afterCommit(): void {
    if (++this.#commits % COMMITS_PER_LOOK !== 0) return;
    const size = this.#size(this.#look.get() as CheckpointRow);
    // It was begun anew: whoever was in the way is gone.
    if (size < this.#seenBytes) this.#nextTryBytes = this.#limitBytes;
    this.#seenBytes = size;
    if (size < this.#nextTryBytes) return;
    if (!this.restart()) this.#nextTryBytes = size + this.#limitBytes / 8;
  }

  /**
   * Lets the next commit write from the beginning of the log: in room that it has, or truncated, in new one. False
   * when a reader is in the way.
   */
  restart(mode: 'RESTART' | 'TRUNCATE' = 'RESTART'): boolean {
    this.#database.pragma(`busy_timeout = ${RESTART_BUSY_MS}`);
    try {
      const [row] = this.#database.pragma(`wal_checkpoint(${mode})`) as CheckpointRow[];
      return !row?.busy;
    } finally {
      this.#database.pragma(`busy_timeout = ${this.#busyTimeoutMs}`);
    }
  }

  #size(row: CheckpointRow): number {
    return walBytes(row.log, this.#pageSizeBytes);
  }
}

/** The last checkpoint of a writer that ends: empties the log if nobody is in the way. */
export function checkpointAndClose(database: SqliteDatabase): void {
  database.pragma('busy_timeout = 200');
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}
