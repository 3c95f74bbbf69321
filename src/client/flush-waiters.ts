/** Callers that wait until every entry up to a number has its final answer. */
export class FlushWaiters {
  #waiters: { ordinal: number; done: () => void }[] = [];

  /** Resolves when `wake` is called with a first open number beyond this one. */
  wait(ordinal: number): Promise<void> {
    return new Promise((done) => this.#waiters.push({ ordinal, done }));
  }

  /** `firstOpen`: the lowest number that still waits for its answer. */
  wake(firstOpen: number): void {
    // Waiters come in ascending order: the first decides quickly.
    while (this.#waiters[0] && this.#waiters[0].ordinal < firstOpen) this.#waiters.shift()?.done();
  }
}
