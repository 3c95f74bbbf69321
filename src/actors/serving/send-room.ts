/** Somebody for whom bytes wait. */
export interface Waiter {
  readonly queuedBytes: number;
  /** Whether it may be cut off; an old client, which perhaps never reads, may not. */
  readonly canGiveUp: boolean;
  /** Too much waits for all together, and most of it for this one. */
  giveUp(): void;
}

/** Bytes that wait for all clients together, at most so many: beyond it the one who holds most gives up. */
export class SendRoom {
  readonly #limitBytes: number;
  readonly #waiting = new Map<Waiter, number>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** To be called when what waits for somebody has become more or less. */
  note(waiter: Waiter): void {
    this.#count(waiter);
    if (this.#bytes > this.#limitBytes) this.#makeRoom();
  }

  leave(waiter: Waiter): void {
    this.#bytes -= this.#waiting.get(waiter) ?? 0;
    this.#waiting.delete(waiter);
  }

  #count(waiter: Waiter): void {
    const bytes = waiter.queuedBytes;
    this.leave(waiter);
    if (bytes === 0) return;
    this.#waiting.set(waiter, bytes);
    this.#bytes += bytes;
  }

  /** What was noted may have been sent since, so it is looked at again before anybody has to go. */
  #makeRoom(): void {
    for (const waiter of [...this.#waiting.keys()]) this.#count(waiter);
    if (this.#bytes <= this.#limitBytes) return;
    const byBytes = [...this.#waiting].sort(([, one], [, other]) => other - one);
    const most = byBytes.find(([waiter]) => waiter.canGiveUp)?.[0];
    if (!most) return;
    this.leave(most);
    most.giveUp();
  }
}
