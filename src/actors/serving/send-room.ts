/** Somebody for whom bytes wait. */
export interface Waiter {
  readonly queuedBytes: number;
  /** Whether it may be cut off; an old client, which perhaps never reads, may not. */
  readonly canGiveUp: boolean;
  /** Too much waits for all together, and most of it for this one. */
  giveUp(): void;
}

/** What old clients may hold of the room: what nobody reads must not be the trouble of those who do. */
const SHARE_OF_OLD = 0.25;

/**
 * Bytes that wait for all clients together, at most so many: beyond it the one who holds most gives up. Those who
 * cannot give up have a share of their own, and get nothing more while it is used up.
 */
export class SendRoom {
  readonly #limitBytes: number;
  readonly #waiting = new Map<Waiter, { bytes: number; isOld: boolean }>();
  #bytes = 0;
  #oldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Whether there is none left for those who cannot give up. */
  get isFullForOld(): boolean {
    return this.#oldBytes >= this.#limitBytes * SHARE_OF_OLD;
  }

  get bytes(): number {
    return this.#bytes + this.#oldBytes;
  }

  /** To be called when what waits for somebody has become more or less. */
  note(waiter: Waiter): void {
    this.#count(waiter);
    if (this.#bytes > this.#limitBytes) this.#makeRoom();
  }

  leave(waiter: Waiter): void {
    const known = this.#waiting.get(waiter);
    if (!known) return;
    this.#waiting.delete(waiter);
    if (known.isOld) this.#oldBytes -= known.bytes;
    else this.#bytes -= known.bytes;
  }

  #count(waiter: Waiter): void {
    const bytes = waiter.queuedBytes;
    this.leave(waiter);
    if (bytes === 0) return;
    const isOld = !waiter.canGiveUp;
    this.#waiting.set(waiter, { bytes, isOld });
    if (isOld) this.#oldBytes += bytes;
    else this.#bytes += bytes;
  }

  /** What was noted may have been sent since, so it is looked at again before anybody has to go. */
  #makeRoom(): void {
    for (const waiter of [...this.#waiting.keys()]) this.#count(waiter);
    if (this.#bytes <= this.#limitBytes) return;
    let most: Waiter | undefined;
    let mostBytes = 0;
    for (const [waiter, { bytes, isOld }] of this.#waiting) {
      if (isOld || bytes <= mostBytes) continue;
      most = waiter;
      mostBytes = bytes;
    }
    if (!most) return;
    this.leave(most);
    most.giveUp();
  }
}
