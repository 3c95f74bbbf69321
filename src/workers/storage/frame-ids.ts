import { createHash } from 'node:crypto';
import { uuidFromBytes } from '../../protocol/uuid.ts';

/**
 * Ids for messages that bring none. They follow from the run of the daemon, the batch and the frame, so a batch
 * that is replayed to a new thread gets the same ones and is recognised.
 */
export class FrameIds {
  readonly #runId: string;
  #batch = 0;
  #frame = 0;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Says which frame is decoded next. */
  at(batch: number, frame: number): void {
    this.#batch = batch;
    this.#frame = frame;
  }

  readonly next = (): string => {
    const place = `${this.#runId} ${this.#batch} ${this.#frame}`;
    return uuidFromBytes(createHash('sha256').update(place).digest());
  };
}
