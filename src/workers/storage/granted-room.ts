import { pageCount } from './group-heads.ts';
import type { LedgerRoom } from './ledger.messages.ts';
import type { SqliteDatabase } from './open-database.ts';
import type { WalLimit } from './wal-limit.ts';

/** A log is begun anew as soon as this, when the disk has no room for a longer one. */
const SHORT_WAL_BYTES = 1024 * 1024;
/** What SQLite allows; a database that large does not exist. */
const PAGES_MAX = 4_294_967_294;

/** What the ledger thread may take of the disk; it begins with what it needs. */
export class GrantedRoom {
  readonly #database: SqliteDatabase;
  readonly #log: WalLimit;
  readonly #usual: { walRestartBytes: number; maxPageCount?: number | undefined };
  #isHeld = false;

  constructor(
    database: SqliteDatabase,
    log: WalLimit,
    usual: { walRestartBytes: number; maxPageCount?: number | undefined },
  ) {
    this.#database = database;
    this.#log = log;
    this.#usual = usual;
  }

  /** Room is being made on a full disk, and what comes free is for that. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  change(room: LedgerRoom): void {
    const { walRestartBytes, maxPageCount = PAGES_MAX } = this.#usual;
    const isInside = room === 'inside';
    this.#isHeld = room === 'none';
    const pages = isInside ? pageCount(this.#database) : maxPageCount;
    this.#database.pragma(`max_page_count = ${pages}`);
    this.#log.change(isInside ? Math.min(walRestartBytes, SHORT_WAL_BYTES) : walRestartBytes);
  }
}
