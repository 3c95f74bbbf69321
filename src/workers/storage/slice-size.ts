const FIRST_ROWS = 16;
const LEAST_ROWS = 4;
const LAST_ROWS = 20_000;
const SHORT_MS = 2;
const GOOD_MS = 10;
const LONG_MS = 40;

/**
 * How many rows one statement looks at. A statement cannot be interrupted, and rows may be a few bytes or half a
 * megabyte each, so the size follows the time that the last slice took.
 */
export class SliceSize {
  #rows: number;

  constructor(rows = FIRST_ROWS) {
    this.#rows = rows;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Looks at a slice and learns from how long it took. */
  measure<Result>(look: () => Result, limitRows = LAST_ROWS): Result {
    const startedMs = performance.now();
    const result = look();
    const tookMs = performance.now() - startedMs;
    if (tookMs > LONG_MS) this.#rows = Math.max(LEAST_ROWS, this.#rows >> 2);
    else if (tookMs < GOOD_MS)
      this.#rows = Math.min(limitRows, this.#rows * (tookMs < SHORT_MS ? 4 : 2));
    return result;
  }
}
