import type { Clock } from './clock.ts';

/** Headers kept of each actor. */
export const RECORDED_HEADERS = 32;

export type Outcome = 'handled' | 'crashed';

/** What is remembered of one handled message: never its payload. */
export interface MessageHeader {
  type: string;
  /** Wall time of the start of its handling, Unix milliseconds. */
  at: number;
  /** In the mailbox; 0 for what the actor raised itself. */
  waitMs: number;
  handleMs: number;
  outcome: Outcome;
  epoch: number;
}

/** The last 32 message headers of one actor, in columns: recording allocates nothing. */
export class FlightRecorder {
  readonly #types: string[] = [];
  /** at, wait, handle, epoch of each header. */
  readonly #numbers = new Float64Array(RECORDED_HEADERS * 4);
  readonly #outcomes = new Uint8Array(RECORDED_HEADERS);
  #next = 0;

  record(
    type: string,
    atMs: number,
    waitMs: number,
    handleMs: number,
    epoch: number,
    outcome: Outcome,
  ): void {
    const index = this.#next % RECORDED_HEADERS;
    this.#types[index] = type;
    const offset = index * 4;
    this.#numbers[offset] = atMs;
    this.#numbers[offset + 1] = waitMs;
    this.#numbers[offset + 2] = handleMs;
    this.#numbers[offset + 3] = epoch;
    this.#outcomes[index] = outcome === 'handled' ? 0 : 1;
    this.#next += 1;
  }

  /** Oldest first. */
  read(clock: Clock): MessageHeader[] {
    const toWallMs = clock.nowMs() - clock.monotonicMs();
    const headers: MessageHeader[] = [];
    for (let order = Math.max(0, this.#next - RECORDED_HEADERS); order < this.#next; order += 1) {
      const index = order % RECORDED_HEADERS;
      const [atMs, waitMs, handleMs, epoch] = this.#numbers.subarray(index * 4, index * 4 + 4);
      headers.push({
        type: this.#types[index]!,
        at: toWallMs + atMs!,
        waitMs: waitMs!,
        handleMs: handleMs!,
        outcome: this.#outcomes[index] === 0 ? 'handled' : 'crashed',
        epoch: epoch!,
      });
    }
    return headers;
  }
}
