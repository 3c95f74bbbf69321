import type { Backoff } from './child-spec.ts';

/**
 * Delay before a restart, in milliseconds. `attempt` counts from 0; `draw` is a random number in [0, 1).
 * With jitter j the result lies in [(1 - j) * delay, delay], so maxMs is never exceeded.
 */
export function backoffDelayMs(backoff: Backoff, attempt: number, draw: number): number {
  const grown = backoff.minMs * backoff.factor ** attempt;
  const delay = Math.min(Number.isFinite(grown) ? grown : backoff.maxMs, backoff.maxMs);
  return delay * (1 - backoff.jitter * draw);
}
