import type { FromDebug, ToDebug } from './debug.messages.ts';
import type { Subscription } from './subscription.ts';

type Batch = Extract<ToDebug, { type: 'batch' }>;
type StreamEnd = Extract<ToDebug, { type: 'streamEnd' }>;

interface Stream {
  subscription: Subscription;
  deliver(events: Batch['events'], subscription: Subscription): void;
}

/** Subscriptions that the main thread feeds in batches: traces. */
export class Streams {
  readonly #post: (message: FromDebug) => void;
  readonly #open = new Map<number, Stream>();
  #lastId = 0;

  constructor(post: (message: FromDebug) => void) {
    this.#post = post;
  }

  /** The name under which the main thread is to feed it. */
  newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  open(id: number, stream: Stream): void {
    this.#open.set(id, stream);
  }

  /** The client has enough of it, or is gone. */
  close(id: number): void {
    if (this.#open.delete(id)) this.#post({ type: 'stopStream', stream: id });
  }

  take({ stream: id, events }: Batch): void {
    const stream = this.#open.get(id);
    stream?.deliver(events, stream.subscription);
    this.#post({ type: 'batchTaken', stream: id });
  }

  end({ stream: id, reason, dropped }: StreamEnd): void {
    const stream = this.#open.get(id);
    this.#open.delete(id);
    stream?.subscription.end(reason, dropped);
  }
}
