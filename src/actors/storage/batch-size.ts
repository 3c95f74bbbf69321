import type { IngestLimits } from './ingest-limits.ts';

/**
 * While somebody has but a few frames now and then, a batch takes this part of its size, and as much less is at the
 * thread: he waits for all of it. It stays so for some batches without such frames.
 */
const SMALL_PART = 4;
const SMALL_BATCHES = 8;
/** Less than this part of a batch is not worth a message of its own while another is unanswered. */
const WORTH_PART = 16;

/** How large the next batch of entries may be, and what may be at the thread at once. */
export class BatchSize {
  readonly #batchBytes: number;
  readonly #inFlightBytes: number;
  #smallBatches = 0;

  constructor(limits: Pick<IngestLimits, 'batchBytes' | 'inFlightBytes'>) {
    this.#batchBytes = limits.batchBytes;
    this.#inFlightBytes = limits.inFlightBytes;
  }

  get bytes(): number {
    return this.#smallBatches > 0 ? this.sharedBytes : this.#batchBytes;
  }

  /** Of a batch with the few frames of somebody. */
  get sharedBytes(): number {
    return this.#batchBytes / SMALL_PART;
  }

  /**
   * With less than this, entries wait for the answer to those before them (as Nagle has it in RFC 896): they would wait
   * for that commit anyway, and to wake the thread for each few costs more than to commit them.
   */
  get worthBytes(): number {
    return this.#batchBytes / WORTH_PART;
  }

  get inFlightBytes(): number {
    return this.#smallBatches > 0 ? this.#inFlightBytes / SMALL_PART : this.#inFlightBytes;
  }

  /** A batch was made. `isBesideMore`: it has somebody's few frames, and others wait for the next one. */
  made(isBesideMore: boolean): void {
    if (isBesideMore) this.#smallBatches = SMALL_BATCHES;
    else if (this.#smallBatches > 0) this.#smallBatches -= 1;
  }
}
