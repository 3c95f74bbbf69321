import type { MailboxSpec } from './child-spec.ts';

export type Offer = 'queued' | 'dropped' | 'overflow';

const FIRST_CAPACITY = 16;
const WAITERS_LIMIT = 10_000;

/**
 * Bounded queue of one child slot; outlives incarnations. A ring that grows by doubling up to its limit, so an
 * idle actor holds nothing.
 */
export class Mailbox {
  spec: MailboxSpec;
  count = 0;
  bytes = 0;
  highWater = 0;
  /** Lost to the overflow policy, in all. */
  dropped = 0;
  /** Size and time of arrival (monotonic ms) of what take() returned last. */
  takenBytes = 0;
  takenAtMs = 0;
  /** Gets what makes room for something newer. */
  onLost: ((message: unknown, bytes: number) => void) | undefined;
  #messages: unknown[] = [];
  #sizes: number[] = [];
  #times: number[] = [];
  #head = 0;
  #waiters: (() => void)[] = [];

  constructor(spec: MailboxSpec) {
    this.spec = spec;
  }

  /** overflow: the policy is `crash`; the message was not taken. With `block` a refusal is not counted. */
  offer(message: unknown, bytes: number, atMs = 0): Offer {
    if (this.#isOver(bytes)) {
      if (this.spec.overflow === 'dropOld') this.#makeRoom(bytes);
      if (this.#isOver(bytes)) return this.#refuse();
    }
    if (this.count === this.#messages.length) this.#grow();
    const index = (this.#head + this.count) & (this.#messages.length - 1);
    this.#messages[index] = message;
    this.#sizes[index] = bytes;
    this.#times[index] = atMs;
    this.count += 1;
    this.bytes += bytes;
    if (this.count > this.highWater) this.highWater = this.count;
    return 'queued';
  }

  /** The oldest message; only when count > 0. */
  take(): unknown {
    const index = this.#head;
    const message = this.#messages[index];
    this.#messages[index] = undefined;
    this.takenBytes = this.#sizes[index]!;
    this.takenAtMs = this.#times[index]!;
    this.bytes -= this.takenBytes;
    this.#head = (index + 1) & (this.#messages.length - 1);
    this.count -= 1;
    return message;
  }

  /** First in line again, with its old time of arrival. Limits do not matter: it was in before. */
  putBack(message: unknown, bytes: number, atMs: number): void {
    if (this.count === this.#messages.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#messages.length - 1);
    this.#messages[this.#head] = message;
    this.#sizes[this.#head] = bytes;
    this.#times[this.#head] = atMs;
    this.count += 1;
    this.bytes += bytes;
  }

  /** Arrival of the oldest message, monotonic ms. */
  get oldestAtMs(): number | undefined {
    return this.count === 0 ? undefined : this.#times[this.#head];
  }

  /** The first messages in line; they stay. */
  peek(limit: number): unknown[] {
    const length = Math.min(limit, this.count);
    return Array.from(
      { length },
      (_, offset) => this.#messages[(this.#head + offset) & (this.#messages.length - 1)],
    );
  }

  /** Empties it; returns how many messages were lost. */
  clear(): number {
    const lost = this.count;
    this.#messages = [];
    this.#sizes = [];
    this.#times = [];
    this.#head = 0;
    this.count = 0;
    this.bytes = 0;
    return lost;
  }

  get hasSpace(): boolean {
    return this.count < this.spec.limitCount && this.bytes < this.spec.limitBytes;
  }

  get hasWaiters(): boolean {
    return this.#waiters.length > 0;
  }

  /** Registers a sender that was refused. Throws when there are too many. */
  addWaiter(listener: () => void): void {
    if (this.#waiters.length >= WAITERS_LIMIT) throw new Error('too many wait for one mailbox');
    this.#waiters.push(listener);
  }

  takeWaiters(): readonly (() => void)[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }

  #isOver(bytes: number): boolean {
    return this.count >= this.spec.limitCount || this.bytes + bytes > this.spec.limitBytes;
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.spec.limitBytes) return;
    while (this.count > 0 && this.#isOver(bytes)) {
      const lost = this.take();
      this.dropped += 1;
      this.onLost?.(lost, this.takenBytes);
    }
  }

  #refuse(): Offer {
    if (this.spec.overflow === 'block') return 'dropped';
    this.dropped += 1;
    return this.spec.overflow === 'crash' ? 'overflow' : 'dropped';
  }

  #grow(): void {
    const capacity = this.#messages.length === 0 ? FIRST_CAPACITY : this.#messages.length * 2;
    const messages = new Array<unknown>(capacity);
    const sizes = new Array<number>(capacity);
    const times = new Array<number>(capacity);
    for (let offset = 0; offset < this.count; offset += 1) {
      const index = (this.#head + offset) & (this.#messages.length - 1);
      messages[offset] = this.#messages[index];
      sizes[offset] = this.#sizes[index]!;
      times[offset] = this.#times[index]!;
    }
    this.#messages = messages;
    this.#sizes = sizes;
    this.#times = times;
    this.#head = 0;
  }
}
