/** The value of `make`, made again when it is older than `maxAgeMs`. Who asks in a row is given the same one. */
export function freshValue<Value>(
  maxAgeMs: number,
  monotonicMs: () => number,
  make: () => Value,
): () => Value {
  let kept: { value: Value; madeAtMs: number } | undefined;
  return () => {
    const nowMs = monotonicMs();
    if (!kept || nowMs - kept.madeAtMs > maxAgeMs) kept = { value: make(), madeAtMs: nowMs };
    return kept.value;
  };
}
