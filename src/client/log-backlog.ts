import { CodiError } from '../protocol/errors.ts';
import type { EntryWaiter, Waiting } from './entry-waiter.ts';
import type { LogEntryInput } from './log-entry.ts';
import { LogSlab } from './log-slab.ts';
import type { EntryRun } from './log-slab.ts';

const OVERLOAD_RETRY_MS = 50;
/** Large enough to make answers rare, small enough that one message is one small commit. */
const MESSAGE_LIMIT = { entries: 512, bytes: 64 * 1024 };
const THERE_IS_ROOM = Promise.resolve();

/** An amount of entries, encoded. */
interface Amount {
  count: number;
  bytes: number;
}

/** The bounded queue of entries that are not sent yet. */
export class LogBacklog {
  /** Past `bytes` nothing more is taken, so it is exceeded by one entry at most. */
  readonly #limits: Amount;
  /** Below it there is room for those who wait for room. */
  readonly #room: Amount;
  /** Never empty: entries are added to the last slab and taken from the first. */
  readonly #slabs = [new LogSlab()];
  /** An emptied one, to be filled again. */
  #spare: LogSlab | undefined;
  #length = 0;
  #bytes = 0;
  #lastOrdinal = 0;
  #roomWaiters: (() => void)[] = [];

  /** `window`: what can be on the way. A queue of one more window keeps it full; the rest is for bursts. */
  constructor(limits: Amount, window: Amount) {
    this.#limits = limits;
    this.#room = {
      count: Math.min(limits.count / 2, window.count),
      bytes: Math.min(limits.bytes / 2, window.bytes),
    };
  }

  get length(): number {
    return this.#length;
  }

  /** The number of the first entry that waits; entries are numbered from 1 as they come. */
  get firstOrdinal(): number | undefined {
    return this.#length === 0 ? undefined : this.#slabs[0]!.firstOrdinal;
  }

  /** The number of the entry pushed last. */
  get lastOrdinal(): number {
    return this.#lastOrdinal;
  }

  /** True when at least half of the queue is free and no more than a window waits. */
  get hasRoom(): boolean {
    return this.#length < this.#room.count && this.#bytes < this.#room.bytes;
  }

  /** Takes an entry, or gives the error: of the entry, or CODI_OVERLOADED when the limits are reached. */
  push(input: LogEntryInput, atMs: number, waiter: EntryWaiter): CodiError | undefined {
    if (this.#length >= this.#limits.count || this.#bytes >= this.#limits.bytes) {
      return new CodiError('CODI_OVERLOADED', { retryMs: OVERLOAD_RETRY_MS });
    }
    const slab = this.#openSlab();
    const bytesBefore = slab.filledBytes;
    const error = slab.add(input, atMs, this.#lastOrdinal + 1, waiter);
    if (error) return error;
    this.#bytes += slab.filledBytes - bytesBefore;
    this.#length += 1;
    this.#lastOrdinal += 1;
    return undefined;
  }

  /** Hands the entries of one message, at most `count`, to `seal`; undefined when none waits. */
  take<Sealed>(count: number, seal: (run: EntryRun) => Sealed): Sealed | undefined {
    if (this.#length === 0) return undefined;
    const slab = this.#slabs[0]!;
    const run = slab.take(count, MESSAGE_LIMIT.bytes);
    const sealed = seal(run);
    this.#length -= run.waiters.length;
    this.#bytes -= run.bytes;
    if (slab.length === 0) this.#reuse(slab);
    if (this.hasRoom) for (const resolve of this.#roomWaiters.splice(0)) resolve();
    return sealed;
  }

  /** Empties the queue. */
  takeAll(): Waiting {
    const firstOrdinal = this.firstOrdinal ?? 0;
    const waiters = this.#slabs.flatMap((slab) => slab.rest());
    this.#slabs.splice(0, this.#slabs.length, new LogSlab());
    this.#length = this.#bytes = 0;
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    return { firstOrdinal, waiters };
  }

  /** Resolves when `hasRoom`. */
  room(): Promise<void> {
    return this.hasRoom ? THERE_IS_ROOM : this.#waitForRoom();
  }

  async #waitForRoom(): Promise<void> {
    while (!this.hasRoom) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
  }

  #openSlab(): LogSlab {
    const last = this.#slabs.at(-1)!;
    if (!last.isFilled(MESSAGE_LIMIT)) return last;
    const next = this.#spare ?? new LogSlab();
    this.#spare = undefined;
    this.#slabs.push(next);
    return next;
  }

  #reuse(slab: LogSlab): void {
    slab.clear();
    if (this.#slabs.length === 1) return;
    this.#slabs.shift();
    this.#spare = slab;
  }
}
