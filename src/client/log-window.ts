import type { CodiError } from '../protocol/errors.ts';
import type { LogEntryInput } from './log-entry.ts';

/** Proof that an entry is on disk. */
export interface Accepted {
  /** The id of the message that carried the entry (several entries may share one). */
  messageId: string;
  /** The entry's number within this producer. */
  sequence: number;
}

/** An entry that was handed in and is not answered yet. */
export interface PendingEntry {
  /** Counts all entries of this client, in the order they came. */
  ordinal: number;
  entry: LogEntryInput;
  /** When it was handed in, Unix milliseconds. */
  atMs: number;
  /** An estimate, for limits only. */
  bytes: number;
  accept(accepted: Accepted): void;
  refuse(error: CodiError): void;
}

/** Entries that travel in one message and are answered together. */
export interface Parcel {
  readonly id: string;
  readonly firstSequence: number;
  readonly entries: readonly PendingEntry[];
  readonly frame: Buffer;
  /** Sent on the present connection and not answered on it. */
  isInFlight: boolean;
}

export function lastSequence(parcel: Parcel): number {
  return parcel.firstSequence + parcel.entries.length - 1;
}

/** The parcels that are sent but not answered finally, in sequence order; bounded by its owner. */
export class LogWindow {
  /** Insertion order is sequence order: parcels are only ever added at the end. */
  readonly #parcels = new Map<string, Parcel>();
  #entryCount = 0;
  #frameBytes = 0;
  #inFlight = 0;

  get entryCount(): number {
    return this.#entryCount;
  }

  get frameBytes(): number {
    return this.#frameBytes;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get first(): Parcel | undefined {
    return this.#parcels.values().next().value;
  }

  get(id: string): Parcel | undefined {
    return this.#parcels.get(id);
  }

  add(parcel: Parcel): void {
    this.#parcels.set(parcel.id, parcel);
    this.#entryCount += parcel.entries.length;
    this.#frameBytes += parcel.frame.length;
    if (parcel.isInFlight) this.#inFlight += 1;
  }

  remove(parcel: Parcel): void {
    if (!this.#parcels.delete(parcel.id)) return;
    this.#entryCount -= parcel.entries.length;
    this.#frameBytes -= parcel.frame.length;
    if (parcel.isInFlight) this.#inFlight -= 1;
  }

  markInFlight(parcel: Parcel, isInFlight: boolean): void {
    if (parcel.isInFlight === isInFlight) return;
    parcel.isInFlight = isInFlight;
    this.#inFlight += isInFlight ? 1 : -1;
  }

  /** The connection is gone: what was in flight on it will not be answered there. */
  landAll(): void {
    for (const parcel of this.#parcels.values()) parcel.isInFlight = false;
    this.#inFlight = 0;
  }

  all(): Parcel[] {
    return [...this.#parcels.values()];
  }

  /** Takes out the parcels that end at or before this sequence. */
  takeThrough(sequence: number): Parcel[] {
    const taken: Parcel[] = [];
    for (const parcel of this.#parcels.values()) {
      if (lastSequence(parcel) > sequence) break;
      taken.push(parcel);
    }
    for (const parcel of taken) this.remove(parcel);
    return taken;
  }

  /** Empties the window and gives its parcels in order. */
  takeAll(): Parcel[] {
    const taken = this.all();
    for (const parcel of taken) this.remove(parcel);
    return taken;
  }
}
