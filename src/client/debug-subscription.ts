import type { CodiError } from '../protocol/errors.ts';
import type { SubscriptionEnd } from '../protocol/debug/verbs.ts';

/** How a subscription ended, and how many events the daemon left out because they came too fast. */
export interface SubscriptionOutcome {
  reason: SubscriptionEnd;
  dropped: number;
}

/** Events of one subscription, for one reader. A connection that is lost rejects the iteration. */
export interface DebugSubscription<Event> extends AsyncIterable<Event> {
  /** Undefined until the daemon, or close(), has ended it. */
  readonly outcome: SubscriptionOutcome | undefined;
  /** Ends the iteration at once; the daemon is told. */
  close(): void;
}

/** Events that wait for the reader; at the limit the connection is not read until half of them are gone. */
const WAITING_MAX = 1_000;

export interface SubscriptionPorts {
  /** The reader is behind, or no longer. */
  onBehind(isBehind: boolean): void;
  onClose(): void;
}

type Step = IteratorResult<unknown, undefined>;
const DONE: Step = { done: true, value: undefined };

/** What one subscription got and its reader has not taken yet. */
export class EventQueue implements DebugSubscription<unknown>, AsyncIterator<unknown, undefined> {
  outcome: SubscriptionOutcome | undefined;
  readonly #ports: SubscriptionPorts;
  #waiting: unknown[] = [];
  #reader: { resolve(step: Step): void; reject(error: CodiError): void } | undefined;
  #error: CodiError | undefined;
  #isBehind = false;

  constructor(ports: SubscriptionPorts) {
    this.#ports = ports;
  }

  push(event: unknown): void {
    if (this.outcome || this.#error) return;
    if (this.#reader) {
      this.#reader.resolve({ done: false, value: event });
      this.#reader = undefined;
      return;
    }
    this.#waiting.push(event);
    if (this.#waiting.length >= WAITING_MAX) this.#setBehind(true);
  }

  /** What came before is still read. */
  end(outcome: SubscriptionOutcome): void {
    this.outcome ??= outcome;
    this.#reader?.resolve(DONE);
    this.#reader = undefined;
  }

  fail(error: CodiError): void {
    if (this.outcome) return;
    this.#error ??= error;
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  close(): void {
    this.#waiting = [];
    this.#setBehind(false);
    if (this.outcome || this.#error) return;
    this.end({ reason: 'unsubscribed', dropped: 0 });
    this.#ports.onClose();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    const [event] = this.#waiting.splice(0, 1);
    if (event !== undefined) {
      if (this.#waiting.length <= WAITING_MAX / 2) this.#setBehind(false);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#error) return Promise.reject(this.#error);
    if (this.outcome) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => (this.#reader = { resolve, reject }));
  }

  /** A `for await` that is left early. */
  async return(): Promise<Step> {
    this.close();
    return DONE;
  }

  #setBehind(isBehind: boolean): void {
    if (this.#isBehind === isBehind) return;
    this.#isBehind = isBehind;
    this.#ports.onBehind(isBehind);
  }
}
