import type { UpkeepAnswer, UpkeepCommand, UpkeepResult } from './archive.messages.ts';
import { SegmentTable } from './archive/segment-table.ts';
import { isIndexDamage } from './full-text-index.ts';
import type { SqliteDatabase } from './open-database.ts';
import { judgeFailure, type StorageFailure } from './storage-failure.ts';
import type { WalLimit } from './wal-limit.ts';

/** A step is done after at most so many commit groups, also when entries never end. */
const GROUPS_BETWEEN_STEPS = 4;

/** Upkeep that waits for a moment in which no entry does. */
export class UpkeepQueue {
  readonly #table: SegmentTable;
  readonly #waiting: { id: number; command: UpkeepCommand }[] = [];
  readonly #index: { rebuild(): void };
  readonly #log: Pick<WalLimit, 'restart'>;
  #groups = 0;

  /** `index`: the full-text one, which can be made anew when it is damaged; `log`: the write-ahead log. */
  constructor(
    database: SqliteDatabase,
    { index, log }: { index: { rebuild(): void }; log: Pick<WalLimit, 'restart'> },
  ) {
    this.#index = index;
    this.#log = log;
    this.#table = new SegmentTable(database, () => performance.now());
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(step: { id: number; command: UpkeepCommand }): void {
    this.#waiting.push(step);
  }

  /** Call after each turn of the writer: whether a step should be done now. */
  isDue(areEntriesWaiting: boolean): boolean {
    if (this.isEmpty) return false;
    if (!areEntriesWaiting) return true;
    this.#groups += 1;
    return this.#groups >= GROUPS_BETWEEN_STEPS;
  }

  /** Does the oldest step. Gives its answer, or what ends the writer. */
  run(): UpkeepAnswer | Extract<StorageFailure, { kind: 'fatal' }> {
    this.#groups = 0;
    const { id, command } = this.#waiting.shift()!;
    try {
      return { type: 'upkeep', id, ok: true, result: this.#do(command) };
    } catch (error) {
      const failure = judgeFailure(error);
      if (failure.kind === 'fatal') return failure;
      return { type: 'upkeep', id, ok: false, code: failure.code, message: failure.message };
    }
  }

  #do(command: UpkeepCommand): UpkeepResult {
    if (command.type === 'restartLog') return this.#restartLog(command.isShrinking);
    try {
      return this.#table.run(command);
    } catch (error) {
      if (!isIndexDamage(error)) throw error;
      this.#index.rebuild();
      return this.#table.run(command);
    }
  }

  #restartLog(isShrinking: boolean): UpkeepResult {
    const startedMs = performance.now();
    this.#log.restart(isShrinking ? 'TRUNCATE' : 'RESTART');
    return { rows: 0, isDropping: false, durationMs: performance.now() - startedMs };
  }
}
