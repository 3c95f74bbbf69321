import type { HostClock, Timer } from './host-ports.ts';
import { TokenBucket } from './token-bucket.ts';
import type { HostCounters } from './watch-host.messages.ts';

export interface EventRatePorts {
  /** 0 or undefined: no limit. */
  readonly perSecond: number | undefined;
  readonly clock: HostClock;
  readonly counters: HostCounters;
  /** The first look, and a root that goes, are not held up. */
  isLimited(): boolean;
  /** Events may be made again. */
  onAdmit(): void;
}

/** Lets so many events a second out of a root. Who has to wait looks later, and finds the same in fewer events. */
export class EventRate {
  readonly #ports: EventRatePorts;
  readonly #bucket: TokenBucket | undefined;
  #timer: Timer | undefined;

  constructor(ports: EventRatePorts) {
    this.#ports = ports;
    const { perSecond, clock } = ports;
    if (perSecond) this.#bucket = new TokenBucket(perSecond, () => clock.monotonicMs());
  }

  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** An event was made. */
  spend(): void {
    if (this.#ports.isLimited()) this.#bucket?.spend();
  }

  /** Whether an event may be made now; if not, it is said when one may. */
  get admits(): boolean {
    const { clock, counters, isLimited, onAdmit } = this.#ports;
    if (!this.#bucket || !isLimited() || (!this.#timer && this.#bucket.hasToken)) return true;
    if (this.#timer) return false;
    counters.rateWaits += 1;
    const waitMs = Math.ceil(this.#bucket.waitMs);
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      onAdmit();
    }, waitMs);
    return false;
  }

  stop(): void {
    if (this.#timer) this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
