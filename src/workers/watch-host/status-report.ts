import type { HostClock, Timer } from './host-ports.ts';

const REPORT_MS = 1_000;

/** Tells the status of a root after it changed, once a second at most. */
export class StatusReport {
  readonly #clock: HostClock;
  readonly #report: () => void;
  #timer: Timer | undefined;

  constructor(clock: HostClock, report: () => void) {
    this.#clock = clock;
    this.#report = report;
  }

  changed(isWorthTelling: boolean): void {
    if (!isWorthTelling) return;
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#report();
    }, REPORT_MS);
  }

  close(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer);
  }
}
