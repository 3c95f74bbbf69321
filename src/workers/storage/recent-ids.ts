import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { rowSum } from './row-sum.ts';

const ID_BYTES = 16;
const GENERATIONS = 4;

/** The 16 bytes of a message's UUID as a map key: one char per byte. */
export function idKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * The ids (as `idKey` makes them) of the last messages that were stored, for clients without a producer id. Durable: written in
 * the transaction of the entries. At least `window` ids are kept, at most a quarter more.
 */
export class RecentIds {
  readonly #window: number;
  readonly #insert: SqliteStatement;
  readonly #prune: SqliteStatement;
  /** Oldest first; whole generations are dropped, so nothing is deleted one by one. */
  #generations: Set<string>[] = [new Set()];
  #staged = new Set<string>();
  #next = 1;

  constructor(database: SqliteDatabase, window: number) {
    this.#window = window;
    this.#insert = database.prepare('INSERT INTO recent_ids VALUES (?, ?, ?)');
    this.#prune = database.prepare(
      'DELETE FROM recent_ids WHERE n < (SELECT max(n) FROM recent_ids WHERE n <= ?)',
    );
    for (const row of database.prepare('SELECT n, id FROM recent_ids ORDER BY n').iterate()) {
      const { n, id } = row as { n: number; id: Buffer };
      for (let at = 0; at < id.length; at += ID_BYTES)
        this.#remember(id.toString('latin1', at, at + ID_BYTES));
      this.#next = n + id.length / ID_BYTES;
    }
  }

  /** Whether an entry with this id was stored lately, or is about to be in this transaction. */
  has(id: string): boolean {
    return this.#staged.has(id) || this.#generations.some((generation) => generation.has(id));
  }

  stage(id: string): void {
    this.#staged.add(id);
  }

  /** Writes the staged ids; call inside the transaction. */
  write(): void {
    if (this.#staged.size === 0) return;
    const bytes = Buffer.allocUnsafe(this.#staged.size * ID_BYTES);
    let at = 0;
    for (const id of this.#staged) at += bytes.write(id, at, ID_BYTES, 'latin1');
    this.#insert.run(this.#next, bytes, rowSum(this.#next, bytes));
    this.#prune.run(this.#next + this.#staged.size - this.#window);
  }

  committed(): void {
    for (const id of this.#staged) this.#remember(id);
    this.#next += this.#staged.size;
    this.#staged = new Set();
  }

  rolledBack(): void {
    this.#staged = new Set();
  }

  #remember(id: string): void {
    let newest = this.#generations.at(-1)!;
    if (newest.size >= Math.max(1, this.#window / GENERATIONS)) {
      newest = new Set();
      this.#generations.push(newest);
      if (this.#generations.length > GENERATIONS + 1) this.#generations.shift();
    }
    newest.add(id);
  }
}
