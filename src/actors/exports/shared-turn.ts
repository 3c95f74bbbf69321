/** Work that may run beside its like, and work that runs alone. Who waits alone goes before those that come later. */
export class SharedTurn {
  #shared = new Set<Promise<unknown>>();
  #alone: Promise<unknown> = Promise.resolve();

  async share<T>(work: () => Promise<T>): Promise<T> {
    for (let alone: unknown; alone !== this.#alone;) await (alone = this.#alone);
    const running = work();
    const ended = running.then(ignore, ignore);
    this.#shared.add(ended);
    void ended.then(() => this.#shared.delete(ended));
    return running;
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#alone, ...this.#shared];
    const running = Promise.all(before).then(work);
    this.#alone = running.then(ignore, ignore);
    return running;
  }
}

function ignore(): void {}
