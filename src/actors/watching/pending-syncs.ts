import type { BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';

export interface SyncRequest {
  type: 'sync';
  /** Relative to the root; none means all of it. */
  paths?: BytePath[];
  reply: (outcome: { ok: true } | { ok: false; error: CodiError }) => void;
}

const SYNCS_MAX = 256;

/**
 * Questions whether all that was written before them is recorded. Each goes to the host, which names the batch
 * that covers it, and is answered when that batch is committed.
 */
export class PendingSyncs {
  readonly #post: (id: number, paths: BytePath[] | undefined) => void;
  readonly #syncs = new Map<number, { request: SyncRequest; batch?: number }>();
  #nextId = 1;

  constructor(post: (id: number, paths: BytePath[] | undefined) => void) {
    this.#post = post;
  }

  /** `isSettled`: the host can be asked now; otherwise it is asked after its first look. */
  add(request: SyncRequest, isSettled: boolean): void {
    if (this.#syncs.size >= SYNCS_MAX) {
      request.reply({ ok: false, error: new CodiError('CODI_OVERLOADED', { retryMs: 1_000 }) });
      return;
    }
    const id = this.#nextId++;
    this.#syncs.set(id, { request });
    if (isSettled) this.#post(id, request.paths);
  }

  /** A scan that began before a question was asked does not answer it: all are asked now. */
  postAll(): void {
    for (const [id, { request }] of this.#syncs) this.#post(id, request.paths);
  }

  /** The host that named batches is gone. */
  forgetAnswers(): void {
    for (const sync of this.#syncs.values()) delete sync.batch;
  }

  covered(id: number, batch: number, committedBatch: number): void {
    const sync = this.#syncs.get(id);
    if (!sync) return;
    sync.batch = batch;
    this.answer(committedBatch);
  }

  answer(committedBatch: number): void {
    for (const [id, { request, batch }] of this.#syncs) {
      if (batch === undefined || batch > committedBatch) continue;
      this.#syncs.delete(id);
      request.reply({ ok: true });
    }
  }

  fail(): void {
    const error = new CodiError('CODI_SYNC_FAILED', { reason: 'the watcher restarts' });
    for (const { request } of this.#syncs.values()) request.reply({ ok: false, error });
    this.#syncs.clear();
  }
}
