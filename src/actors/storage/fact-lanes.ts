import { byBatch, type Item } from './ingest-item.ts';

interface Lane {
  items: Item[];
  /** How much of the ledger's work this lane has had; see `#now`. */
  hadBytes: number;
}

/** Of what belongs to no root. */
const NO_ROOT = '';
/** What any item costs, beside what is in it. */
const ITEM_BYTES = 1_024;
/** Lanes that are kept although nothing waits in them. */
const IDLE_LANES = 64;

/**
 * File events, roots and acts on their way to the ledger. Those of one root keep their order; of several roots the one
 * goes next that has had least (start-time fair queueing), so a single change does not wait for the storm of another root.
 */
export class FactLanes {
  readonly #lanes = new Map<string, Lane>();
  /** What the lane had that went last: whoever was idle meanwhile has no claim to more. */
  #now = 0;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  add(item: Item): void {
    const lane = this.#laneOf(item);
    if (lane.items.length === 0) lane.hadBytes = Math.max(lane.hadBytes, this.#now);
    lane.items.push(item);
    this.#count += 1;
  }

  /** These had been taken: each goes again in its place. */
  putBack(items: readonly Item[]): void {
    for (const item of items) {
      const lane = this.#laneOf(item);
      lane.items = [item, ...lane.items].sort(byBatch);
    }
    this.#count += items.length;
  }

  take(): Item | undefined {
    let next: Lane | undefined;
    for (const [key, lane] of this.#lanes) {
      if (lane.items.length > 0) next = !next || lane.hadBytes < next.hadBytes ? lane : next;
      else if (this.#lanes.size > IDLE_LANES) this.#lanes.delete(key);
    }
    const item = next?.items.shift();
    if (!next || !item) return undefined;
    this.#now = next.hadBytes;
    next.hadBytes += ITEM_BYTES + item.costBytes;
    this.#count -= 1;
    return item;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const { items } of this.#lanes.values()) yield* items;
  }

  #laneOf(item: Item): Lane {
    const key = 'rootPath' in item ? item.rootPath : NO_ROOT;
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { items: [], hadBytes: this.#now }));
    return lane;
  }
}
