import type { CodiError } from '../protocol/errors.ts';
import type { ClientPorts, ClientTimer } from './ports.ts';

/** What keeps entries from being accepted, and for how long that may last. */
export class Trouble {
  readonly #ports: ClientPorts;
  readonly #deadlineMs: number;
  readonly #onDeadline: (error: CodiError) => void;
  #timer: ClientTimer | undefined;
  #last: CodiError | undefined;

  constructor(ports: ClientPorts, deadlineMs: number, onDeadline: (error: CodiError) => void) {
    this.#ports = ports;
    this.#deadlineMs = deadlineMs;
    this.#onDeadline = onDeadline;
  }

  get last(): CodiError | undefined {
    return this.#last;
  }

  /** The time runs from the first note on; the last one is what is told. */
  note(error: CodiError): void {
    this.#last = error;
    this.#timer ??= this.#ports.setTimeout(() => {
      const cause = this.#last ?? error;
      this.clear();
      this.#onDeadline(cause);
    }, this.#deadlineMs);
  }

  /** Something was accepted. */
  clear(): void {
    if (this.#timer) this.#ports.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = undefined;
  }
}
