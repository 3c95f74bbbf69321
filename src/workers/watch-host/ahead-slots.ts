/** Looks ahead that a host may have under way, and from when on they are wanted. */
export interface ReadAheadLimits {
  /** Most of all roots together; 0: none. Each takes a thread of the process. */
  readonly looksCount: number;
  /** Looks are slow whose mean is above this. 0: always look ahead, whether it helps or not. */
  readonly aboveMs: number;
}

/** Until the daemon says something else. */
export const NO_READ_AHEAD: ReadAheadLimits = { looksCount: 0, aboveMs: 0.06 };

/** What one root has of it. */
export class AheadShare {
  readonly #slots: AheadSlots;
  #isReading = false;
  #taken = 0;

  constructor(slots: AheadSlots) {
    this.#slots = slots;
  }

  /** Whether it takes part; what is under way stays so. */
  set isReading(isReading: boolean) {
    if (isReading !== this.#isReading) this.#slots.readers += isReading ? 1 : -1;
    this.#isReading = isReading;
  }

  take(): boolean {
    const { limits, readers, taken } = this.#slots;
    const share = Math.max(1, Math.floor(limits.looksCount / Math.max(1, readers)));
    if (this.#taken >= share || taken >= limits.looksCount) return false;
    this.#taken += 1;
    this.#slots.taken += 1;
    return true;
  }

  give(): void {
    this.#taken -= 1;
    this.#slots.taken -= 1;
  }
}

/**
 * The looks ahead of one host. A look that hangs keeps its thread: so roots that look ahead at the same time have equal
 * parts, and all together leave some threads to the others who need them.
 */
export class AheadSlots {
  limits = NO_READ_AHEAD;
  /** Under way, of all roots. */
  taken = 0;
  /** Roots that look ahead now. */
  readers = 0;

  share(): AheadShare {
    return new AheadShare(this);
  }
}
