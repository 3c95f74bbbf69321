/** How long to wait between attempts: exponential from `minMs` to `maxMs`, with jitter. */
export interface RetryDelays {
  minMs: number;
  maxMs: number;
}

/**
 * The delay before attempt number `attempt` (0 = first retry). Half of it is fixed and half random,
 * so that many clients that lost the same daemon do not come back in one moment.
 */
export function retryDelayMs(attempt: number, delays: RetryDelays, random: () => number): number {
  const fullMs = Math.min(delays.maxMs, delays.minMs * 2 ** Math.min(attempt, 30));
  return fullMs / 2 + (fullMs / 2) * random();
}
