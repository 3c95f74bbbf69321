import type { Backoff, Budget } from './child-spec.ts';

/**
 * Of an actor that others can do without for a while: it comes back sooner or later, whatever happens. After five
 * crashes within half a minute it is tried every half minute, and its tree is degraded meanwhile.
 */
export const SERVICE_RESTARTS: { readonly backoff: Backoff; readonly budget: Budget } = {
  backoff: { minMs: 50, maxMs: 10_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
  budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
};
