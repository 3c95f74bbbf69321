import type { FileEventRecord } from '../../protocol/file-event.ts';

/** Batches that may wait for their acknowledgement, for each root. */
export const WINDOW_BATCHES = 4;
export const BATCH_EVENTS = 1_000;

/** The changes of one root on their way out: numbered batches, no more unacknowledged ones than the window. */
export class Outbox {
  readonly #send: (batch: number, events: FileEventRecord[]) => void;
  readonly #batchCount: number;
  #pending: FileEventRecord[] = [];
  #sentBatch = 0;
  #ackedBatch = 0;
  #waiting: ((batch: number) => void)[] = [];

  constructor(
    send: (batch: number, events: FileEventRecord[]) => void,
    batchCount: number = BATCH_EVENTS,
  ) {
    this.#batchCount = batchCount;
    this.#send = send;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** While false, whoever makes events pauses; what it still adds is kept. */
  get hasRoom(): boolean {
    return this.#pending.length < this.#batchCount;
  }

  add(event: FileEventRecord): void {
    this.#pending.push(event);
    if (this.#pending.length >= this.#batchCount) this.flush();
  }

  /** Sends what there is, as far as the window allows. */
  flush(): void {
    while (this.#pending.length > 0 && this.#sentBatch - this.#ackedBatch < WINDOW_BATCHES) {
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
