import type { Backoff, Budget } from '../../supervisor/index.ts';

/** Hosts and watchers come back with backoff; when they keep crashing, slowly, and the doubt stays on record. */
export const WATCHING_RESTARTS: { backoff: Backoff; budget: Budget } = {
  backoff: { minMs: 100, maxMs: 10_000, factor: 2, jitter: 0.2, resetAfterMs: 60_000 },
  budget: { maxRestarts: 5, withinMs: 60_000, onExhausted: 'retrySlow', slowMs: 10_000 },
};
