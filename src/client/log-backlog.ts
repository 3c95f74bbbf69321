import { CodiError, isCodiError } from '../protocol/errors.ts';
import { checkEntry, estimateBytes } from './log-entry.ts';
import type { LogEntryInput } from './log-entry.ts';
import type { Accepted, PendingEntry } from './log-window.ts';
import { plainValue } from './plain-value.ts';

const OVERLOAD_RETRY_MS = 50;

/** The bounded queue of entries that are not sent yet. */
export class LogBacklog {
  readonly #limits: { count: number; bytes: number };
  #entries: PendingEntry[] = [];
  #head = 0;
  #bytes = 0;
  #lastOrdinal = 0;
  #roomWaiters: (() => void)[] = [];

  constructor(limits: { count: number; bytes: number }) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get first(): PendingEntry | undefined {
    return this.#entries[this.#head];
  }

  /** The number of the entry pushed last; entries are numbered from 1 as they come. */
  get lastOrdinal(): number {
    return this.#lastOrdinal;
  }

  /** Takes an entry, or refuses it at once with CODI_OVERLOADED when the limits are reached. */
  push(input: LogEntryInput, atMs: number): Promise<Accepted> {
    const invalid = checkEntry(input);
    if (invalid) return withoutCrash(Promise.reject<Accepted>(invalid));
    const bytes = estimateBytes(input);
    if (this.length >= this.#limits.count || this.#bytes + bytes > this.#limits.bytes) {
      const refusal = Promise.reject(
        new CodiError('CODI_OVERLOADED', { retryMs: OVERLOAD_RETRY_MS }),
      );
      return withoutCrash(refusal);
    }
    const entry = snapshot(input);
    if (isCodiError(entry)) return withoutCrash(Promise.reject<Accepted>(entry));
    this.#bytes += bytes;
    this.#lastOrdinal += 1;
    const ordinal = this.#lastOrdinal;
    return withoutCrash(
      new Promise<Accepted>((accept, refuse) => {
        this.#entries.push({ ordinal, entry, atMs, bytes, accept, refuse });
      }),
    );
  }

  /** Up to `limit` entries from the front; they stay until `drop`. */
  peek(limit: number): PendingEntry[] {
    return this.#entries.slice(this.#head, this.#head + limit);
  }

  /** Removes entries from the front. */
  drop(count: number): void {
    for (let index = this.#head; index < this.#head + count; index++) {
      this.#bytes -= this.#entries[index]?.bytes ?? 0;
    }
    this.#head += count;
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    if (this.#hasRoom()) for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  /** Puts entries that were taken back in front of the others; limits do not apply to them. */
  putBack(entries: readonly PendingEntry[]): void {
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#head = 0;
    this.#bytes += entries.reduce((sum, entry) => sum + entry.bytes, 0);
  }

  /** Empties the queue. */
  takeAll(): PendingEntry[] {
    const taken = this.peek(this.length);
    this.drop(taken.length);
    return taken;
  }

  /** Resolves when at least half of the queue is free. */
  async room(): Promise<void> {
    while (!this.#hasRoom()) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
  }

  #hasRoom(): boolean {
    return this.length < this.#limits.count / 2 && this.#bytes < this.#limits.bytes / 2;
  }
}

/** The caller may change the entry after the call. */
function snapshot(input: LogEntryInput): LogEntryInput | CodiError {
  if (!input.metadata) return { ...input };
  try {
    return { ...input, metadata: plainValue(input.metadata) as Record<string, unknown> };
  } catch (error) {
    if (isCodiError(error)) return error;
    const reason = `the metadata cannot be read: ${String(error)}`;
    return new CodiError('CODI_ENTRY_INVALID', { reason }, { cause: error });
  }
}

/** A caller who does not wait for the answer hears of a failure from flush(), not as a crash. */
function withoutCrash<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
