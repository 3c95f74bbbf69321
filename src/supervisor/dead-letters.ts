import type { SendResult } from './cell-context.ts';
import type { Clock } from './clock.ts';
import { messageType } from './message-type.ts';

/** stopped: its actor will not come back. unknown: no such name. overflow: mailbox policy. poison: kept crashing. */
export type DeadLetterCause = 'stopped' | 'unknown' | 'overflow' | 'poison';

/** Letters kept, and their declared bytes; beyond that the oldest goes, counted as forgotten. */
export const DEAD_LETTERS_LIMIT = 1_000;
export const DEAD_LETTERS_LIMIT_BYTES = 8 * 1024 * 1024;
/** Times a letter is sent again before it is no longer replayed. */
export const REPLAYS_LIMIT = 3;

export interface DeadLetter {
  id: number;
  /** Wall time, Unix milliseconds. */
  at: number;
  /** Name it was sent to. */
  to: string;
  cause: DeadLetterCause;
  type: string;
  bytes: number;
  replays: number;
}

export interface DeadLetterCounts {
  kept: number;
  keptBytes: number;
  forgotten: number;
  stopped: number;
  unknown: number;
  overflow: number;
  poison: number;
}

export interface ReplayResult {
  queued: number;
  /** Came back as dead letters, or were refused. */
  failed: number;
  /** Were replayed too often already. */
  exhausted: number;
}

/** Bounded store of messages that reached nobody. Messages stay by reference; lists show headers only. */
export class DeadLetterStore {
  readonly #clock: Clock;
  readonly #letters = new Map<number, { letter: DeadLetter; message: unknown }>();
  readonly #counts: Record<DeadLetterCause, number> = {
    stopped: 0,
    unknown: 0,
    overflow: 0,
    poison: 0,
  };
  #bytes = 0;
  #forgotten = 0;
  #lastId = 0;
  /** Of the letter that is just sent again. */
  #replays = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(to: string, cause: DeadLetterCause, message: unknown, bytes: number): void {
    this.#counts[cause] += 1;
    if (bytes > DEAD_LETTERS_LIMIT_BYTES) {
      this.#forgotten += 1;
      return;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const at = this.#clock.nowMs();
    const letter = { id, at, to, cause, type: messageType(message), bytes, replays: this.#replays };
    this.#letters.set(id, { letter, message });
    this.#bytes += bytes;
    while (this.#letters.size > DEAD_LETTERS_LIMIT || this.#bytes > DEAD_LETTERS_LIMIT_BYTES) {
      const [oldest] = this.#letters.keys();
      this.#remove(oldest!);
      this.#forgotten += 1;
    }
  }

  counts(): DeadLetterCounts {
    return {
      kept: this.#letters.size,
      keptBytes: this.#bytes,
      forgotten: this.#forgotten,
      ...this.#counts,
    };
  }

  /** Newest first. */
  list(limit: number, to?: string): DeadLetter[] {
    const letters = [...this.#letters.values()].map(({ letter }) => letter).reverse();
    const wanted = to === undefined ? letters : letters.filter((letter) => letter.to === to);
    return wanted.slice(0, limit).map((letter) => ({ ...letter }));
  }

  /** Sends letters again, oldest first; what fails again is a new letter that remembers its replays. */
  replay(
    ids: readonly number[],
    send: (to: string, message: unknown, bytes: number) => SendResult,
  ): ReplayResult {
    const result = { queued: 0, failed: 0, exhausted: 0 };
    for (const id of ids.toSorted((one, two) => one - two)) {
      const held = this.#letters.get(id);
      if (!held) continue;
      const { letter, message } = held;
      if (letter.replays >= REPLAYS_LIMIT) {
        result.exhausted += 1;
        continue;
      }
      this.#remove(id);
      this.#replays = letter.replays + 1;
      const before = this.#lastId;
      const outcome = send(letter.to, message, letter.bytes);
      // A mailbox that blocks refuses without a letter: it is kept for later.
      if (outcome === 'dropped' && this.#lastId === before) {
        this.add(letter.to, letter.cause, message, letter.bytes);
        this.#counts[letter.cause] -= 1;
      }
      this.#replays = 0;
      if (outcome === 'queued') result.queued += 1;
      else result.failed += 1;
    }
    return result;
  }

  #remove(id: number): void {
    const held = this.#letters.get(id);
    if (!held) return;
    this.#letters.delete(id);
    this.#bytes -= held.letter.bytes;
  }
}
