import type { ClientPorts, ClientTimer } from './ports.ts';

/** Notices a connection on which answers are due and none come; costs one timer, not one per answer. */
export class AnswerWatch {
  readonly #ports: ClientPorts;
  readonly #timeoutMs: number;
  readonly #isDue: () => boolean;
  readonly #onSilence: () => void;
  #timer: ClientTimer | undefined;
  #heardMs = 0;

  constructor(
    ports: ClientPorts,
    options: { timeoutMs: number; isDue: () => boolean; onSilence: () => void },
  ) {
    this.#ports = ports;
    this.#timeoutMs = options.timeoutMs;
    this.#isDue = options.isDue;
    this.#onSilence = options.onSilence;
  }

  /** An answer came. */
  heard(): void {
    this.#heardMs = this.#ports.monotonicMs();
  }

  /** Something was sent: from now on an answer is due. */
  start(): void {
    if (this.#timer || !this.#isDue()) return;
    this.heard();
    this.#arm(this.#timeoutMs);
  }

  stop(): void {
    if (this.#timer) this.#ports.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#ports.setTimeout(() => {
      this.#timer = undefined;
      if (!this.#isDue()) return;
      const leftMs = this.#heardMs + this.#timeoutMs - this.#ports.monotonicMs();
      if (leftMs > 0) this.#arm(leftMs);
      else this.#onSilence();
    }, delayMs);
  }
}
