import type { BytePath } from '../../protocol/byte-path.ts';
import { appendRoot, CanonicalBuffer } from './canonical.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { pathToValue } from './path-value.ts';
import { rowSum } from './row-sum.ts';

/** Stands for a root whose last batch is not known since its database was healed. */
export const UNKNOWN_SEQUENCE = -1;

/** Watched roots: an id per path for ever, and the last batch of file events taken from each. */
export class RootBook {
  readonly canonical = new CanonicalBuffer(1024);
  readonly #select: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #selectSequence: SqliteStatement;
  readonly #upsertSequence: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#select = database
      .prepare('SELECT root_id FROM roots WHERE path = ?')
      .pluck() as SqliteStatement;
    this.#insert = database.prepare('INSERT INTO roots VALUES (?, ?, ?)');
    this.#selectSequence = database
      .prepare('SELECT sequence FROM root_sequences WHERE root_id = ?')
      .pluck() as SqliteStatement;
    this.#upsertSequence = database.prepare(
      `INSERT INTO root_sequences VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, sum = excluded.sum`,
    );
  }

  find(rootPath: BytePath): number | undefined {
    return this.#select.get(pathToValue(rootPath)) as number | undefined;
  }

  /** Adds a root; its name is an entry of the block, like the events that will use its id. */
  add(rootId: number, rootPath: BytePath, nowMs: number): void {
    const path = pathToValue(rootPath);
    this.#insert.run(rootId, path, nowMs);
    appendRoot(this.canonical, { root_id: rootId, path, created_ms: nowMs });
  }

  /** Last batch of file events taken; 0 for none, UNKNOWN_SEQUENCE when that was lost: then any may be next. */
  sequence(rootId: number): number {
    return (this.#selectSequence.get(rootId) as number | undefined) ?? 0;
  }

  setSequence(rootId: number, sequence: number): void {
    this.#upsertSequence.run(rootId, sequence, rowSum(rootId, sequence));
  }

  reset(): void {
    this.canonical.clear();
  }
}
