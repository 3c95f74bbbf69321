import type { FileEventRecord } from '../../protocol/file-event.ts';

/** Batches that may wait for their acknowledgement, for each root. */
export const WINDOW_BATCHES = 4;
export const BATCH_EVENTS = 1_000;
/** Once the first look is recorded: a batch is committed as a whole, and what other roots have to tell waits for it. */
const SHORT_BATCH_EVENTS = 250;

/** The changes of one root on their way out: numbered batches, no more unacknowledged ones than the window. */
export class Outbox {
  readonly #send: (batch: number, events: FileEventRecord[]) => void;
  readonly #maxCount: number;
  #batchCount: number;
  #pending: FileEventRecord[] = [];
  #sentBatch = 0;
  #ackedBatch = 0;
  #waiting: ((batch: number) => void)[] = [];

  constructor(
    send: (batch: number, events: FileEventRecord[]) => void,
    maxCount: number = BATCH_EVENTS,
  ) {
    this.#maxCount = maxCount;
    this.#batchCount = maxCount;
    this.#send = send;
  }

  /** Short batches from now on, so that others are not held up. */
  shorten(): void {
    this.#batchCount = Math.min(this.#maxCount, SHORT_BATCH_EVENTS);
  }

  /** While false, whoever makes events pauses; what it still adds is kept. */
  get hasRoom(): boolean {
    return this.#pending.length < this.#batchCount;
  }

  add(event: FileEventRecord): void {
    this.#pending.push(event);
    if (this.#pending.length >= this.#batchCount) this.flush();
  }

  /** Sends what there is, as far as the window allows. While a batch is under way, only a full one follows it. */
  flush(): void {
    while (this.#isNextDue) {
      const events =
        this.#pending.length <= this.#batchCount
          ? this.#pending
          : this.#pending.slice(0, this.#batchCount);
      this.#pending = this.#pending.slice(events.length);
      this.#send(++this.#sentBatch, events);
    }
    if (this.#pending.length > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback(this.#sentBatch);
  }

  /** As Nagle's algorithm has it (RFC 896): at once when nothing is under way, and in larger batches under load. */
  get #isNextDue(): boolean {
    const underWay = this.#sentBatch - this.#ackedBatch;
    if (underWay === 0) return this.#pending.length > 0;
    const isWanted = this.#waiting.length > 0 && this.#pending.length > 0;
    const isFull = this.#pending.length >= this.#batchCount;
    return (isFull || isWanted) && underWay < WINDOW_BATCHES;
  }

  ack(batch: number): void {
    if (batch > this.#ackedBatch) this.#ackedBatch = Math.min(batch, this.#sentBatch);
    this.flush();
  }

  /** Calls back with the number of the last batch once all that was added until now is sent. */
  whenSent(callback: (batch: number) => void): void {
    this.#waiting.push(callback);
    this.flush();
  }
}
