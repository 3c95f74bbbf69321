import type { CodiError } from '../protocol/errors.ts';

/** Proof that an entry is on disk. */
export interface Accepted {
  /** The id of the message that carried the entry (several entries may share one). */
  messageId: string;
  /** The entry's number within this producer. */
  sequence: number;
  /** Where it is: in the daemon's ledger, or in this client's spool until the daemon is back. */
  place: EntryPlace;
}

export type EntryPlace = 'ledger' | 'spool';

/** Who is told of the final answers to entries. `ordinal` counts the entries of a client as they came. */
export interface EntryWaiter {
  accept(ordinal: number, accepted: Accepted): void;
  refuse(ordinal: number, error: CodiError): void;
}

/** Consecutive entries without a final answer. */
export interface Waiting {
  readonly firstOrdinal: number;
  readonly waiters: readonly EntryWaiter[];
}

/** Waits for one entry. A caller who does not look at the promise hears of a failure from flush(). */
export class OneEntry implements EntryWaiter {
  readonly answer: Promise<Accepted>;
  #resolve!: (accepted: Accepted) => void;
  #reject!: (error: CodiError) => void;

  constructor() {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  accept(_ordinal: number, accepted: Accepted): void {
    this.#resolve(accepted);
  }

  refuse(_ordinal: number, error: CodiError): void {
    // Only now, so that the many that are accepted need no second promise.
    this.answer.catch(() => undefined);
    this.#reject(error);
  }
}

/** Waits for many entries with one promise. */
export class ManyEntries implements EntryWaiter {
  readonly #accepted: { ordinal: number; accepted: Accepted }[] = [];
  #expected = Number.POSITIVE_INFINITY;
  #error: CodiError | undefined;
  #settle: (() => void) | undefined;

  /** True once one of them failed; more need not be handed in. */
  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  accept(ordinal: number, accepted: Accepted): void {
    this.#accepted.push({ ordinal, accepted });
    if (this.#accepted.length === this.#expected) this.#settle?.();
  }

  refuse(_ordinal: number, error: CodiError): void {
    this.#error ??= error;
    this.#settle?.();
  }

  /** The answers of all, in the order they were handed in; throws the first failure. */
  async all(count: number): Promise<Accepted[]> {
    this.#expected = count;
    if (!this.#error && this.#accepted.length < count) {
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
      });
    }
    if (this.#error) throw this.#error;
    // Messages may be answered out of order.
    return this.#accepted
      .sort((one, two) => one.ordinal - two.ordinal)
      .map(({ accepted }) => accepted);
  }
}
