import { CodiError } from '#codi/protocol/errors.js';
import type { IngestPort } from '#codi/actors/serving/ports.js';
import type { ConnectionContext } from '#codi/workers/storage/ledger.messages.js';

/** An ingest port that keeps what it is given. */
export class FakeIngest implements IngestPort {
  readonly taken: { context: ConnectionContext; body: Buffer }[] = [];
  readonly #listeners: (() => void)[] = [];
  isFull = false;
  isPressing = false;
  /** Connections of which too much waits. */
  readonly crowded = new Set<number>();

  offerFrame(context: ConnectionContext, body: Buffer): boolean {
    if (!this.isFull) this.taken.push({ context, body });
    return !this.isFull;
  }

  refusal(): CodiError {
    return new CodiError('CODI_OVERLOADED', { retryMs: 250 });
  }

  whenDrained(listener: () => void): void {
    this.#listeners.push(listener);
  }

  isCrowdedBy(connection: number): boolean {
    return this.crowded.has(connection);
  }

  whenTakenFrom(_connection: number, listener: () => void): void {
    this.#listeners.push(listener);
  }

  drain(): void {
    this.crowded.clear();
    this.isPressing = false;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
