const FIRST_ROWS = 512;
const LAST_ROWS = 20_000;
const FIRST_MS = 10;
const LAST_MS = 40;

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
    if (tookMs > LAST_MS) this.#rows = Math.max(1, Math.floor(this.#rows / 4));
    else if (tookMs < FIRST_MS) this.#rows = Math.min(limitRows, this.#rows * 2);
    return result;
  }
}
