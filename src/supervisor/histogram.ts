const BUCKETS = 28;

/** Durations in 28 buckets that double from a microsecond: 112 bytes, whatever was recorded. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  add(durationMs: number): void {
    const index =
      durationMs < 0.001 ? 0 : Math.min(32 - Math.clz32(durationMs * 1_000), BUCKETS - 1);
    this.#counts[index]! += 1;
    this.#total += 1;
  }

  /** Upper bound, in milliseconds, of the bucket that holds this share of all durations; 0 when empty. */
  quantile(share: number): number {
    let left = Math.ceil(this.#total * share);
    if (left === 0) return 0;
    for (let index = 0; index < BUCKETS; index += 1) {
      left -= this.#counts[index]!;
      if (left <= 0) return 2 ** index / 1_000;
    }
    return 2 ** BUCKETS / 1_000;
  }
}
