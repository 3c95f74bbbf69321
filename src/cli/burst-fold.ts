/** How a burst is cut short. */
export interface FoldPolicy {
  /** So many rows are shown in a window before folding begins. */
  shownCount: number;
  windowMs: number;
  /** A pause this long ends a burst. */
  quietMs: number;
  /** A burst that goes on is summed up this often. */
  maxMs: number;
}

/** Rows that were not shown one by one. */
export interface FoldSummary {
  count: number;
  /** The folder (or other name with `/` between parts) that all of them share; '' when none. */
  place: string;
  durationMs: number;
}

export const LIVE_FOLD: FoldPolicy = {
  shownCount: 20,
  windowMs: 1_000,
  quietMs: 400,
  maxMs: 2_000,
};

/** Shows the first rows of a burst and counts the rest; time comes from the caller. */
export class BurstFold {
  readonly #policy: FoldPolicy;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #shownInWindow = 0;
  #folded: { count: number; place: string; startMs: number; lastMs: number } | undefined;

  constructor(policy: FoldPolicy) {
    this.#policy = policy;
  }

  /** Whether this row is to be shown; otherwise it is counted. */
  admit(place: string, nowMs: number): boolean {
    if (this.#folded) {
      const { count, place: before } = this.#folded;
      this.#folded = {
        ...this.#folded,
        count: count + 1,
        place: count === 0 ? place : commonPlace(before, place),
        lastMs: nowMs,
      };
      return false;
    }
    if (nowMs - this.#windowStartMs >= this.#policy.windowMs) {
      this.#windowStartMs = nowMs;
      this.#shownInWindow = 0;
    }
    if (this.#shownInWindow < this.#policy.shownCount) {
      this.#shownInWindow += 1;
      return true;
    }
    this.#folded = { count: 1, place, startMs: nowMs, lastMs: nowMs };
    return false;
  }

  /** The summary that is due now, if one is; `isForced` at the end of the view. */
  settle(nowMs: number, isForced = false): FoldSummary | undefined {
    if (!this.#folded) return undefined;
    const { count, place, startMs, lastMs } = this.#folded;
    const isQuiet = nowMs - lastMs >= this.#policy.quietMs;
    const isLong = nowMs - startMs >= this.#policy.maxMs;
    if (!isQuiet && !isLong && !isForced) return undefined;
    // A burst that goes on stays folded: only its next rows are counted anew.
    this.#folded = isQuiet ? undefined : { count: 0, place: '', startMs: nowMs, lastMs };
    if (isQuiet) this.#windowStartMs = Number.NEGATIVE_INFINITY;
    return count === 0 ? undefined : { count, place, durationMs: lastMs - startMs };
  }
}

/** The leading parts that two places share. */
export function commonPlace(a: string, b: string): string {
  if (a === b) return a;
  const [left, right] = [a.split('/'), b.split('/')];
  const end = left.findIndex((part, index) => part !== right[index]);
  return left.slice(0, end === -1 ? left.length : end).join('/');
}
