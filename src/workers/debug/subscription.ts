import type { SubscriptionEnd } from '../../protocol/debug/verbs.ts';

export interface SubscriptionPorts {
  /** Whether the client has room for an event. */
  hasRoom(): boolean;
  send(text: string): void;
  monotonicMs(): number;
  slowAfterMs: number;
  /** Gives back what feeds it. Called once. */
  onEnd(): void;
}

/** Events that come before the answer with its number has left. */
const HELD_MAX = 1_000;

/**
 * One running subscription. A client without room loses events, counted; one that has none for too long loses the
 * subscription.
 */
export class Subscription {
  readonly id: number;
  readonly #ports: SubscriptionPorts;
  #held: string[] | undefined = [];
  #dropped = 0;
  #fullSinceMs: number | undefined;
  #end: SubscriptionEnd | undefined;

  constructor(id: number, ports: SubscriptionPorts) {
    this.id = id;
    this.#ports = ports;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Its number has been told: what waited for that goes out. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.#ports.send(text);
  }

  /** False when there is no room; `count` is what is lost with the event then. */
  offer(event: unknown, count = 1): boolean {
    if (this.isOver) return false;
    const text = () => JSON.stringify({ subscription: this.id, event });
    if (this.#held && this.#held.length < HELD_MAX) {
      this.#held.push(text());
      return true;
    }
    if (!this.#held && this.#ports.hasRoom()) {
      this.#fullSinceMs = undefined;
      this.#ports.send(text());
      return true;
    }
    this.#dropped += count;
    const nowMs = this.#ports.monotonicMs();
    this.#fullSinceMs ??= nowMs;
    if (nowMs - this.#fullSinceMs >= this.#ports.slowAfterMs) this.end('slow');
    return false;
  }

  /** `dropped`: what got lost before it came here. */
  end(reason: SubscriptionEnd, dropped = 0): void {
    if (this.isOver) return;
    this.#end = reason;
    const line = { subscription: this.id, end: reason, dropped: this.#dropped + dropped };
    const text = JSON.stringify(line);
    if (this.#held) this.#held.push(text);
    else this.#ports.send(text);
    this.#ports.onEnd();
  }
}
