/** Looks of which the mean is taken. */
const WINDOW = 32;
/** What one look counts for at most: a thread that had to wait for a processor now and then is no slow disk. */
const LONGEST_MS = 0.5;

/** How long looks at the disk take: the mean of so many, one window after the other. */
export class LookMeter {
  readonly #onWindow: (meanMs: number) => void;
  #sumMs = 0;
  #count = 0;
  /** Of the last whole window, in milliseconds; 0 before. */
  meanMs = 0;

  constructor(onWindow: (meanMs: number) => void) {
    this.#onWindow = onWindow;
  }

  note(lookMs: number): void {
    this.#sumMs += Math.min(lookMs, LONGEST_MS);
    if (++this.#count < WINDOW) return;
    this.meanMs = this.#sumMs / WINDOW;
    this.restart();
    this.#onWindow(this.meanMs);
  }

  /** What was noted since the last window does not count. */
  restart(): void {
    this.#sumMs = 0;
    this.#count = 0;
  }
}
