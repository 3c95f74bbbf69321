import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { rowSum } from './row-sum.ts';

const CACHE_COUNT = 4096;

/** What a sequence number means, given what the producer has sent before. */
export type SequenceVerdict = 'next' | 'duplicate' | 'gap';

/** Highest sequence taken from each producer; written in the transaction of the entries. */
export class Producers {
  readonly #select: SqliteStatement;
  readonly #upsert: SqliteStatement;
  /** Committed values, most recently used last. */
  readonly #cache = new Map<string, number>();
  readonly #staged = new Map<string, number>();

  constructor(database: SqliteDatabase) {
    this.#select = database
      .prepare('SELECT sequence FROM producers WHERE producer_id = ?')
      .pluck() as SqliteStatement;
    this.#upsert = database.prepare(
      `INSERT INTO producers VALUES (?, ?, ?, ?) ON CONFLICT (producer_id)
       DO UPDATE SET sequence = excluded.sequence, updated_ms = excluded.updated_ms, sum = excluded.sum`,
    );
  }

  /** The highest sequence taken, with those of this transaction; 0 for an unknown producer. */
  highest(producerId: string): number {
    const known = this.#staged.get(producerId) ?? this.#cache.get(producerId);
    if (known !== undefined) return known;
    const stored = (this.#select.get(producerId) as number | undefined) ?? 0;
    this.#keep(producerId, stored);
    return stored;
  }

  stage(producerId: string, sequence: number): void {
    this.#staged.set(producerId, sequence);
  }

  /** One row per producer and transaction, however many entries it sent. */
  write(nowMs: number): void {
    for (const [producerId, sequence] of this.#staged) {
      const sum = rowSum(producerId, sequence, nowMs);
      this.#upsert.run(producerId, sequence, nowMs, sum);
    }
  }

  committed(): void {
    for (const [producerId, sequence] of this.#staged) this.#keep(producerId, sequence);
    this.#staged.clear();
  }

  rolledBack(): void {
    this.#staged.clear();
  }

  #keep(producerId: string, sequence: number): void {
    this.#cache.delete(producerId);
    this.#cache.set(producerId, sequence);
    if (this.#cache.size > CACHE_COUNT) this.#cache.delete(this.#cache.keys().next().value!);
  }
}

/** Places `count` sequence numbers from `first` on against the highest one taken. */
export function judgeSequence(highest: number, first: number, count: number): SequenceVerdict {
  if (first > highest + 1) return 'gap';
  return first + count - 1 <= highest ? 'duplicate' : 'next';
}
