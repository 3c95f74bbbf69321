/** How much a connection may send (messages, bytes): a token bucket that holds a second's worth. */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #countedAtMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#countedAtMs = nowMs;
  }

  /** Counts what came; gives how long nothing more should be read, in milliseconds. */
  take(count: number, nowMs: number): number {
    const earned = ((nowMs - this.#countedAtMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned) - count;
    this.#countedAtMs = nowMs;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1_000);
  }
}
