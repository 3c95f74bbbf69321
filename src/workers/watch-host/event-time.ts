/** A time in Unix milliseconds as an event carries it. */
export function eventTime(nowMs: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(nowMs / 1_000);
  return { seconds, nanos: Math.round((nowMs - seconds * 1_000) * 1_000_000) };
}
