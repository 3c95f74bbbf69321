import { CodiError } from '../../protocol/errors.ts';

/** A restart is over long before; whoever has waited for so long is told. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * Since when a writer has got nothing done: it ends, and so does the next one. What it had may be stored or not, so
 * that waits for one that works; what comes after a while is refused. It outlives the writer's incarnations.
 */
export class WriterAbsence {
  readonly #monotonicMs: () => number;
  #sinceMs: number | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  ended(): void {
    this.#sinceMs ??= this.#monotonicMs();
  }

  worked(): void {
    this.#sinceMs = undefined;
  }

  /** What whoever comes now is told; undefined while it is worth waiting. */
  refusal(): CodiError | undefined {
    const forMs = this.#monotonicMs() - (this.#sinceMs ?? Infinity);
    if (forMs < PATIENCE_MS) return undefined;
    const reason = `nothing could be written for ${Math.floor(forMs / 1_000)} s`;
    return new CodiError('CODI_STORAGE_UNAVAILABLE', { reason, retryMs: RETRY_MS });
  }
}
