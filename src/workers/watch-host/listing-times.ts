import type { PathNode } from './path-tree.ts';

/** The kernel's clock for files stands still for so long at a time (10 ms at 100 Hz), and two changes look like one. */
const TICK_NS = 20_000_000n;
const NS_PER_MS = 1_000_000n;

/**
 * When directories had been changed last, before their names were read. A recursive watcher folds what it is told
 * before it tells it on: a file that another one replaced and that was gone again a moment later is not mentioned at
 * all, although the one before it was recorded. What it was told of changed the directory.
 */
export class ListingTimes {
  readonly #times = new WeakMap<PathNode, bigint>();

  /** To be called before the names are read. */
  note(directory: PathNode, mtimeNs: bigint, nowMs: number): void {
    const isOver = BigInt(Math.trunc(nowMs)) * NS_PER_MS - mtimeNs > TICK_NS;
    if (isOver) this.#times.set(directory, mtimeNs);
    else this.#times.delete(directory);
  }

  /** Whether names may have come or gone since. */
  isOutdated(directory: PathNode, mtimeNs: bigint): boolean {
    return this.#times.get(directory) !== mtimeNs;
  }
}
