/** So many a second, and as many at once after a second of quiet. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledMs: number;

  constructor(perSecond: number, monotonicMs: () => number) {
    this.#perSecond = perSecond;
    this.#nowMs = monotonicMs;
    this.#tokens = perSecond;
    this.#filledMs = monotonicMs();
  }

  /** Whether one is left. */
  get hasToken(): boolean {
    this.#fill();
    return this.#tokens >= 1;
  }

  /** Takes one that may be missing: then it has to be waited for longer. */
  spend(): void {
    this.#fill();
    this.#tokens -= 1;
  }

  /** Until there is one, in milliseconds. */
  get waitMs(): number {
    this.#fill();
    return Math.max(0, ((1 - this.#tokens) / this.#perSecond) * 1_000);
  }

  #fill(): void {
    const nowMs = this.#nowMs();
    const gained = ((nowMs - this.#filledMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#filledMs = nowMs;
  }
}
