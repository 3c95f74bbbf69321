import type { MailboxSpec } from './child-spec.ts';

export type Offer = 'queued' | 'dropped' | 'overflow';

const FIRST_CAPACITY = 16;
const WAITERS_LIMIT = 10_000;

/**
 * Bounded queue of one child slot; outlives incarnations. A ring that grows by doubling up to its limit, so an
 * idle actor holds nothing.
 */
export class Mailbox {
  readonly spec: MailboxSpec;
  count = 0;
  bytes = 0;
  highWater = 0;
  /** Lost to the overflow policy, in all. */
  dropped = 0;
  #messages: unknown[] = [];
  #sizes: number[] = [];
  #head = 0;
  #waiters: (() => void)[] = [];

  constructor(spec: MailboxSpec) {
    this.spec = spec;
  }

  /** overflow: the policy is `crash`; the message was not taken. With `block` a refusal is not counted. */
  offer(message: unknown, bytes: number): Offer {
    if (this.#isOver(bytes)) {
      if (this.spec.overflow === 'dropOld') this.#makeRoom(bytes);
      if (this.#isOver(bytes)) return this.#refuse();
    }
    if (this.count === this.#messages.length) this.#grow();
    const index = (this.#head + this.count) & (this.#messages.length - 1);
    this.#messages[index] = message;
    this.#sizes[index] = bytes;
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
    this.bytes -= this.#sizes[index]!;
    this.#head = (index + 1) & (this.#messages.length - 1);
    this.count -= 1;
    return message;
  }

  /** Empties it; returns how many messages were lost. */
  clear(): number {
    const lost = this.count;
    this.#messages = [];
    this.#sizes = [];
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
      this.take();
      this.dropped += 1;
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
    for (let offset = 0; offset < this.count; offset += 1) {
      const index = (this.#head + offset) & (this.#messages.length - 1);
      messages[offset] = this.#messages[index];
      sizes[offset] = this.#sizes[index]!;
    }
    this.#messages = messages;
    this.#sizes = sizes;
    this.#head = 0;
  }
}
