import { STREAMS } from './codes.ts';
import { streamEndSql } from './group-heads.ts';
import type { StreamRange } from './ledger.messages.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

/** Small enough that a writer who comes meanwhile hardly waits. */
const STEP_ROWS = 500;
/** Entries up to `done` and from `from` on are in the index; what lies between is still to come. */
const KEYS = { done: 'full_text_done', from: 'full_text_from' } as const;
/**
 * Without a copy of the messages: rows are found by id. `contentless_delete` lets retention take entries out
 * (sqlite.org/fts5.html, section 4.4.2).
 */
const CREATE = `CREATE VIRTUAL TABLE logs_fts USING fts5(
  message, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2")`;

/**
 * The full-text index over messages, which exists only while it is switched on. New entries join it in their own
 * transaction; those from before follow in steps of their own while the writer has nothing else to do.
 */
export class FullTextIndex {
  readonly #database: SqliteDatabase;
  #add!: SqliteStatement;
  readonly #saveDone: SqliteStatement;
  #done = 0;
  #from = 0;

  /** Makes the index, goes on with it, or removes it. */
  static open(database: SqliteDatabase, isWanted: boolean): FullTextIndex | undefined {
    const exists = hasFullText(database);
    if (isWanted) return new FullTextIndex(database, exists);
    if (exists) database.transaction(() => drop(database)).immediate();
    return undefined;
  }

  private constructor(database: SqliteDatabase, exists: boolean) {
    this.#database = database;
    this.#saveDone = database.prepare('UPDATE meta SET value = ? WHERE key = ?');
    if (exists) this.#resume();
    else this.rebuild();
  }

  /** Entries from before are still missing. */
  get isBehind(): boolean {
    return this.#done + 1 < this.#from;
  }

  /** Takes new entries, inside the transaction that stores them. */
  add({ first, last }: StreamRange): void {
    this.#add.run(first, last);
  }

  /** Takes some of the entries that are still missing, in a transaction of its own. */
  step(): void {
    const last = Math.min(this.#done + STEP_ROWS, this.#from - 1);
    this.#database
      .transaction(() => {
        this.#add.run(this.#done + 1, last);
        this.#saveDone.run(last, KEYS.done);
      })
      .immediate();
    this.#done = last;
  }

  /** Begins with an empty index: it is new, or the old one is damaged, which loses nothing. */
  rebuild(): void {
    this.#database
      .transaction(() => {
        if (hasFullText(this.#database)) drop(this.#database);
        this.#database.exec(CREATE);
        this.#missing(lastGone(this.#database), lastLog(this.#database) + 1);
      })
      .immediate();
    this.#prepare();
  }

  #resume(): void {
    const value = (key: string) =>
      this.#database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) as number;
    this.#done = value(KEYS.done);
    this.#from = value(KEYS.from);
    // A release that knew nothing of the index may have written meanwhile.
    const indexed = this.#database
      .prepare('SELECT rowid FROM logs_fts ORDER BY rowid DESC LIMIT 1')
      .pluck()
      .get() as number | undefined;
    const head = lastLog(this.#database);
    if (Math.max(indexed ?? 0, this.#from - 1) < head) {
      if (this.isBehind) return this.rebuild();
      this.#missing(Math.max(indexed ?? 0, lastGone(this.#database)), head + 1);
    }
    this.#prepare();
  }

  #missing(done: number, from: number): void {
    const save = this.#database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    save.run(KEYS.done, done);
    save.run(KEYS.from, from);
    this.#done = done;
    this.#from = from;
  }

  #prepare(): void {
    this.#add = this.#database.prepare(
      `INSERT INTO logs_fts (rowid, message)
       SELECT id, message FROM logs WHERE id BETWEEN ? AND ? ORDER BY id`,
    );
  }
}

/**
 * Whether an error may come from a damaged index: it is found when its pages make no sense, or when a part that it
 * thought free is taken. Of the ledger's own rows none is ever inserted twice.
 */
export function isIndexDamage(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'SQLITE_CORRUPT_VTAB' || String(code).startsWith('SQLITE_CONSTRAINT');
}

/** How much of the index is there, from 0 to 1; undefined without one. */
export function fullTextShare(value: (sql: string) => number | undefined): number | undefined {
  if (value(`SELECT 1 FROM sqlite_schema WHERE name = 'logs_fts'`) === undefined) return undefined;
  const done = value(`SELECT value FROM meta WHERE key = '${KEYS.done}'`) ?? 0;
  const from = value(`SELECT value FROM meta WHERE key = '${KEYS.from}'`) ?? 1;
  return from <= done + 1 ? 1 : done / (from - 1);
}

export function hasFullText(database: SqliteDatabase): boolean {
  const sql = `SELECT 1 FROM sqlite_schema WHERE name = 'logs_fts'`;
  return database.prepare(sql).get() !== undefined;
}

/** Makes the index over all entries of tables that never change. */
export function indexWords(database: SqliteDatabase): void {
  database.exec(
    `${CREATE}; INSERT INTO logs_fts (rowid, message) SELECT id, message FROM logs ORDER BY id`,
  );
}

function drop(database: SqliteDatabase): void {
  database.exec('DROP TABLE logs_fts');
  database.exec(`DELETE FROM meta WHERE key IN ('${KEYS.done}', '${KEYS.from}')`);
}

/** The last entry before the first one that is there: retention took all up to it. */
function lastGone(database: SqliteDatabase): number {
  const sql = 'SELECT id FROM logs ORDER BY id LIMIT 1';
  const first = database.prepare(sql).pluck().get() as number | undefined;
  return first === undefined ? lastLog(database) : first - 1;
}

function lastLog(database: SqliteDatabase): number {
  return database.prepare(streamEndSql(STREAMS.logs)).pluck().get() as number;
}
