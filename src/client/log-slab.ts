import type { CodiError } from '../protocol/errors.ts';
import { MessagePackWriter } from '../protocol/msgpack-encode.ts';
import type { EntryWaiter, Waiting } from './entry-waiter.ts';
import { writeEntry } from './entry-writer.ts';
import type { LogEntryInput } from './log-entry.ts';

/** Entries from the front of a slab, to travel in one message; valid until the slab is written again. */
export interface EntryRun extends Waiting {
  /** Time of the message, Unix milliseconds: of the entries that name none. */
  readonly timeMs: number;
  readonly bytes: number;
  /** Copies the encoded entries, back to back. */
  copyTo(target: Buffer, targetStart: number): void;
}

/** Entries back to back, encoded as they came: few objects, however many entries wait. */
export class LogSlab {
  readonly #out = new MessagePackWriter();
  /** Where each entry ends. */
  readonly #ends: number[] = [];
  readonly #waiters: EntryWaiter[] = [];
  #firstOrdinal = 0;
  #timeMs = 0;
  #taken = 0;

  /** Entries that were not taken yet. */
  get length(): number {
    return this.#ends.length - this.#taken;
  }

  get firstOrdinal(): number {
    return this.#firstOrdinal + this.#taken;
  }

  /** Bytes since it was empty, taken or not. */
  get filledBytes(): number {
    return this.#out.length;
  }

  /** Whether the entries since it was empty, taken or not, reach the limit. */
  isFilled(limit: { entries: number; bytes: number }): boolean {
    return this.#ends.length >= limit.entries || this.#out.length >= limit.bytes;
  }

  /** Takes an entry, or gives the error that keeps it from being sent. */
  add(
    input: LogEntryInput,
    atMs: number,
    ordinal: number,
    waiter: EntryWaiter,
  ): CodiError | undefined {
    if (this.#ends.length === 0) {
      this.#firstOrdinal = ordinal;
      this.#timeMs = atMs;
    }
    const error = writeEntry(this.#out, input, atMs, this.#timeMs);
    if (error) return error;
    this.#ends.push(this.#out.length);
    this.#waiters.push(waiter);
    return undefined;
  }

  /** The first entries: at most `count`, and no more bytes unless the first alone has more. */
  take(count: number, bytesMax: number): EntryRun {
    const first = this.#taken;
    const start = this.#startOf(first);
    let end = first + 1;
    while (end < this.#ends.length && end - first < count && this.#ends[end]! - start <= bytesMax) {
      end++;
    }
    this.#taken = end;
    const bytes = this.#startOf(end) - start;
    return {
      firstOrdinal: this.#firstOrdinal + first,
      timeMs: this.#timeMs,
      waiters: this.#waiters.slice(first, end),
      bytes,
      copyTo: (target, targetStart) => this.#out.copyTo(target, targetStart, start, start + bytes),
    };
  }

  /** The waiters of what was not taken. */
  rest(): EntryWaiter[] {
    return this.#waiters.slice(this.#taken);
  }

  clear(): void {
    this.#out.clear();
    this.#ends.length = this.#waiters.length = this.#taken = 0;
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }
}
