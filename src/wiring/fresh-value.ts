/** How old a kept value may be: whatever has happened since, and at most. */
export interface FreshAges {
  leastMs: number;
  mostMs: number;
}

/** A value that is kept for those who ask in a row. */
export interface FreshValue<Value> {
  get(): Value;
  /** Something that the value tells has changed. */
  outdate(): void;
}

/**
 * The value of `make`, made again when it is older than `mostMs`; or outdated, and older than `leastMs`. Who asks in a
 * row is given the same one.
 */
export function freshValue<Value>(
  { leastMs, mostMs }: FreshAges,
  monotonicMs: () => number,
  make: () => Value,
): FreshValue<Value> {
  let kept: { value: Value; madeAtMs: number } | undefined;
  let isOutdated = false;
  return {
    get: () => {
      const nowMs = monotonicMs();
      if (kept && nowMs - kept.madeAtMs <= (isOutdated ? leastMs : mostMs)) return kept.value;
      isOutdated = false;
      kept = { value: make(), madeAtMs: nowMs };
      return kept.value;
    },
    outdate: () => {
      isOutdated = true;
    },
  };
}
