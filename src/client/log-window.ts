import { lastSequence, numberParcel } from './parcel.ts';
import type { Parcel } from './parcel.ts';

/** The parcels that are sent but not answered finally, in sequence order; bounded by its owner. */
export class LogWindow {
  /** Insertion order is sequence order: parcels are only ever added at the end. */
  #parcels = new Map<string, Parcel>();
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
    this.#entryCount += parcel.waiters.length;
    this.#frameBytes += parcel.frame.length;
    if (parcel.isInFlight) this.#inFlight += 1;
  }

  remove(parcel: Parcel): void {
    if (!this.#parcels.delete(parcel.id)) return;
    this.#entryCount -= parcel.waiters.length;
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

  /** Numbers all entries from 1, in new messages; gives the number behind the last. */
  renumber(newId: () => string): number {
    const parcels = this.all();
    this.#parcels = new Map();
    let next = 1;
    for (const parcel of parcels) {
      numberParcel(parcel, newId(), next);
      next = lastSequence(parcel) + 1;
      this.#parcels.set(parcel.id, parcel);
    }
    return next;
  }
}
