import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { WriterAbsence } from './writer-absence.ts';

interface Pending<Command> {
  id: number;
  command: Command;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/**
 * Requests to a writer that have no answer yet, in order. It outlives the writer's incarnations:
 * commands are idempotent by their ids, so a new one is simply asked again.
 */
export class RequestBook<Command> {
  readonly #limitCount: number;
  readonly #absence: WriterAbsence | undefined;
  readonly #pending = new Map<number, Pending<Command>>();
  #post: ((message: { type: 'request'; id: number; command: Command }) => void) | undefined;
  #nextId = 1;
  #onIdle: (() => void) | undefined;

  constructor(limitCount: number, absence?: WriterAbsence) {
    this.#limitCount = limitCount;
    this.#absence = absence;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * Asks the writer; rejects with CODI_OVERLOADED when too many wait already, or when it is away for long. Who is
   * patient waits for it all the same: an actor that cannot start without the answer would only fail and come again,
   * and take its supervisor with it.
   */
  request<Result>(command: Command, { isPatient = false } = {}): Promise<Result> {
    const refusal = isPatient ? undefined : this.#absence?.refusal();
    if (refusal) return Promise.reject(refusal);
    if (this.#pending.size >= this.#limitCount)
      return Promise.reject(new CodiError('CODI_OVERLOADED', { retryMs: 1_000 }));
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#pending.set(id, { id, command, resolve: (value) => resolve(value as Result), reject });
      this.#post?.({ type: 'request', id, command });
    });
  }

  /** The present incarnation takes over: everything unanswered is posted (again), in order. */
  attach(post: (message: { type: 'request'; id: number; command: Command }) => void): void {
    this.#post = post;
    if (this.isEmpty) this.#absence?.worked();
    for (const { id, command } of this.#pending.values()) post({ type: 'request', id, command });
  }

  detach(): void {
    this.#post = undefined;
  }

  /** The writer's incarnation is over, whatever it had done. */
  lose(): void {
    this.detach();
    this.#absence?.ended();
  }

  answer(id: number, outcome: { ok: true; result: unknown } | { ok: false; error: unknown }): void {
    // A writer that cannot write answers one request each time before it ends.
    if (outcome.ok || codeOf(outcome.error) !== 'CODI_STORAGE_UNAVAILABLE') this.#absence?.worked();
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (outcome.ok) pending.resolve(outcome.result);
    else pending.reject(outcome.error);
    if (this.isEmpty) this.#onIdle?.();
  }

  /** Runs the listener as soon as nothing waits; at once when so already. */
  whenIdle(listener: () => void): void {
    if (this.isEmpty) listener();
    else this.#onIdle = listener;
  }
}

function codeOf(error: unknown): string | undefined {
  return isCodiError(error) ? error.code : undefined;
}
