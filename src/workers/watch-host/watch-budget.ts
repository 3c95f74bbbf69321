import { NO_READ_AHEAD } from './ahead-slots.ts';
import type { HostLimits } from './watch-host.messages.ts';

/** Until the daemon says something else. */
const NO_LIMITS: HostLimits = {
  hosts: 1,
  watchSharePercent: 50,
  watchesCount: 500_000,
  coverageIntervalMs: 30_000,
  readAhead: NO_READ_AHEAD,
};
/** How long what the system allows is believed: an administrator may raise it at any time. */
const BELIEVED_MS = 10_000;

/**
 * The file watches one process may hold: its part of the daemon's share of what the user is allowed in all. Who
 * wants to place a watch takes it here first.
 */
export class WatchBudget {
  limits: HostLimits = NO_LIMITS;
  /** Watches that native code holds, as the kernel lists them: known afterwards only. */
  nativeCount = 0;
  /** Watches that were taken here. */
  ownCount = 0;
  readonly #systemLimit: () => number | undefined;
  readonly #monotonicMs: () => number;
  #believed: { limit: number; untilMs: number } | undefined;

  /** `systemLimit`: watches the user may have in all; undefined where there is no such limit. */
  constructor(systemLimit: () => number | undefined, monotonicMs: () => number) {
    this.#systemLimit = systemLimit;
    this.#monotonicMs = monotonicMs;
  }

  configure(limits: HostLimits): void {
    this.limits = limits;
    this.#believed = undefined;
  }

  get taken(): number {
    return this.ownCount + this.nativeCount;
  }

  get limit(): number {
    const nowMs = this.#monotonicMs();
    if (this.#believed && nowMs < this.#believed.untilMs) return this.#believed.limit;
    const { hosts, watchSharePercent, watchesCount } = this.limits;
    const allowed = this.#systemLimit() ?? Infinity;
    const share = Math.floor((allowed * watchSharePercent) / 100 / hosts);
    const limit = Math.min(share, watchesCount);
    this.#believed = { limit, untilMs: nowMs + BELIEVED_MS };
    return limit;
  }

  /** False when there is none left. */
  take(): boolean {
    if (this.taken >= this.limit) return false;
    this.ownCount += 1;
    return true;
  }

  give(count = 1): void {
    this.ownCount -= count;
  }
}
