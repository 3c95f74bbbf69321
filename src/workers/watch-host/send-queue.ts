import type { FromWatchHost } from './watch-host.messages.ts';

/** Messages given to the system that it has not taken yet. */
const IN_FLIGHT = 4;
/** So many waiting ones, and whoever makes them is asked to stop. */
const CONGESTED = 16;

/**
 * Messages in order into a pipe that may be slow. How much waits is bounded by the windows of the roots and by
 * stopping their work when the pipe is full.
 */
export class SendQueue {
  readonly #post: (message: FromWatchHost, onSent: () => void) => void;
  readonly #onCongested: (isCongested: boolean) => void;
  readonly #waiting: FromWatchHost[] = [];
  #inFlight = 0;
  #isCongested = false;

  constructor(
    post: (message: FromWatchHost, onSent: () => void) => void,
    onCongested: (isCongested: boolean) => void,
  ) {
    this.#post = post;
    this.#onCongested = onCongested;
  }

  send(message: FromWatchHost): void {
    this.#waiting.push(message);
    this.#pump();
    if (!this.#isCongested && this.#waiting.length >= CONGESTED) this.#setCongested(true);
  }

  #pump(): void {
    while (this.#inFlight < IN_FLIGHT && this.#waiting.length > 0) {
      this.#inFlight += 1;
      this.#post(this.#waiting.shift()!, () => {
        this.#inFlight -= 1;
        this.#pump();
        if (this.#isCongested && this.#waiting.length === 0) this.#setCongested(false);
      });
    }
  }

  #setCongested(isCongested: boolean): void {
    this.#isCongested = isCongested;
    this.#onCongested(isCongested);
  }
}
