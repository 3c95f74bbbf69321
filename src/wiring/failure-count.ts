/** So many addresses are remembered; then the one that failed longest ago is forgotten. */
const ADDRESSES_MAX = 4_096;
const WINDOW_MS = 60_000;

/** How many tokens were not accepted from each address within a minute. */
export class FailureCount {
  readonly #limit: number;
  readonly #windows = new Map<string, { startMs: number; count: number }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** One more; gives for how long the address is over the limit, 0 when it is not. */
  add(address: string, nowMs: number): number {
    const known = this.#windows.get(address);
    const isOpen = known !== undefined && nowMs - known.startMs < WINDOW_MS;
    const window = isOpen ? known : { startMs: nowMs, count: 0 };
    window.count += 1;
    this.#windows.delete(address);
    this.#windows.set(address, window);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > ADDRESSES_MAX && oldest !== undefined) this.#windows.delete(oldest);
    return window.count > this.#limit ? window.startMs + WINDOW_MS - nowMs : 0;
  }
}
