import type { Backoff, Budget, Heartbeat } from '../../supervisor/index.ts';

/**
 * Storage writers never give up: after five crashes in 30 s they come back slowly, and readiness is degraded. The
 * watchdog is for code that hangs, not for disks that are slow: the longest a writer does in one go is a commit
 * with its fsync, a RESTART checkpoint (5 s busy timeout) or a page of an index, seconds on the worst of disks. A
 * disk that takes longer than a minute has gone away, and then a restart loses nothing: what was not answered is
 * asked again.
 */
export const WRITER_RESTARTS: {
  backoff: Backoff;
  budget: Budget;
  shutdown: number;
  heartbeat: Heartbeat;
} = {
  backoff: { minMs: 20, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
  budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow', slowMs: 5_000 },
  shutdown: 5_000,
  heartbeat: { timeoutMs: 60_000 },
};

/** How often a writer looks whether its file is still where it was opened. */
export const WRITER_LOOK_MS = 1_000;
