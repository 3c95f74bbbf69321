import type { Clock, Timer } from './clock.ts';

/** One thing that is due at a time; the next one takes its place. */
export class Deadline {
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  arm(delayMs: number, callback: () => void): void {
    this.disarm();
    this.#timer = this.#clock.setTimeout(callback, delayMs);
  }

  disarm(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
