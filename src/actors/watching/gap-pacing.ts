/** A gap that comes again within this time of its end is held open, longer each time. */
const AGAIN_MS = 60_000;
const HOLD_MIN_MS = 1_000;
const HOLD_MAX_MS = 60_000;
/** Roots and reasons come and go; the oldest are forgotten. */
const KEYS_MAX = 10_000;

/**
 * How long a gap that is over stays a row that can be continued. A doubt that comes and goes without end must not
 * fill the ledger: from the second time within a minute on it is one row, which says how many times it was.
 */
export class GapPacing {
  readonly #monotonicMs: () => number;
  readonly #ends = new Map<string, { atMs: number; holdMs: number }>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** A gap of this key is over now: for so long the end is not written. 0: write it. */
  holdMs(key: string): number {
    const nowMs = this.#monotonicMs();
    const before = this.#ends.get(key);
    const isAgain = before !== undefined && nowMs - before.atMs < AGAIN_MS + before.holdMs;
    const holdMs = isAgain ? Math.min(HOLD_MAX_MS, Math.max(HOLD_MIN_MS, before.holdMs * 2)) : 0;
    this.#ends.delete(key);
    this.#ends.set(key, { atMs: nowMs, holdMs });
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= KEYS_MAX) break;
      this.#ends.delete(oldest);
    }
    return holdMs;
  }
}
