/** A tick that comes so late is still taken for punctual: those of one moment stay together. */
const SLACK_MS = 8;
const SLACK_SHARE = 8;

/**
 * How long to wait for the next of regular ticks, so that they fall on whole multiples of the interval. Ticks of
 * different owners then come at the same moments, and wake an idle process once in place of once for each. The first
 * wait is between a half and one and a half intervals.
 */
export function alignedDelay(nowMs: number, intervalMs: number): number {
  const lateMs = nowMs % intervalMs;
  if (lateMs < Math.min(SLACK_MS, intervalMs / SLACK_SHARE)) return intervalMs;
  const toNextMs = intervalMs - lateMs;
  return toNextMs < intervalMs / 2 ? toNextMs + intervalMs : toNextMs;
}
