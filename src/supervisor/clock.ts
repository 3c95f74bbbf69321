/** Handle of a pending timer; only its clock knows what is inside. */
export type Timer = { readonly id: unknown };

/** Time as a port: a real one in production, a discrete-event one in tests. */
export interface Clock {
  /** Wall clock, Unix milliseconds. May jump. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary origin. Never goes back. */
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
  /** A macro-task of its own, after pending input and output had a chance. */
  setImmediate(callback: () => void): void;
}
