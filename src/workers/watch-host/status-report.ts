import type { HintKeeper } from './hint-keeper.ts';
import type { HostClock, Timer } from './host-ports.ts';
import type { RootStatus } from './watch-host.messages.ts';

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

/** How a root is watched now; without a keeper nobody watches it. */
export function rootStatus(
  { files, directories }: { files: number; directories: number },
  keeper: HintKeeper | undefined,
  reason: string | undefined,
): RootStatus {
  return {
    files,
    directories,
    hintSource: keeper?.kind ?? 'none',
    mode: keeper?.mode ?? 'poll',
    polledDirectories: keeper?.shortage.size ?? 0,
    ...(reason !== undefined && { reason }),
  };
}
