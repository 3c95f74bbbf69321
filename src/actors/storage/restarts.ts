import type { Backoff, Budget } from '../../supervisor/index.ts';

/** Storage writers never give up: after five crashes in 30 s they come back slowly, and readiness is degraded. */
export const WRITER_RESTARTS: { backoff: Backoff; budget: Budget; shutdown: number } = {
  backoff: { minMs: 20, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
  budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow', slowMs: 5_000 },
  shutdown: 5_000,
};
