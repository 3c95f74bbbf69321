/**
 * Answers questions about both databases from a pool of read-only threads that starts empty. A read older
 * than its limit loses its thread, because an old read transaction keeps the write-ahead log from shrinking.
 */
import { CodiError, isCodiError, type WireError } from '../../protocol/errors.ts';
import { closingBy } from '../../supervisor/closing-by.ts';
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { Damage, DamagedStore } from '../../workers/storage/healing.messages.ts';
import type { AuditPage, ReaderTasks, VerifyInput } from '../../workers/storage/reader.messages.ts';

/** A pool of reader threads; a read past its limit rejects with CODI_TIMEOUT, one without room with CODI_OVERLOADED. */
export interface ReaderPool {
  run(task: string, input: unknown): Promise<unknown>;
  close(): Promise<void>;
  readonly threads: number;
}

/** What other actors ask; it stays the same over restarts of the actor behind it. */
export class ReaderPort {
  #pool: ReaderPool | undefined;
  #onDamage: ((damage: Damage) => void) | undefined;

  /** Runs one bounded read. Rejects with CODI_STORAGE_UNAVAILABLE while the readers restart, CODI_TIMEOUT past the limit. */
  async run<Name extends keyof ReaderTasks & string>(
    task: Name,
    input: Parameters<ReaderTasks[Name]>[0],
  ): Promise<Awaited<ReturnType<ReaderTasks[Name]>>> {
    const pool = this.#pool;
    if (!pool) throw new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'the readers restart' });
    try {
      const result = (await pool.run(task, input)) as Awaited<ReturnType<ReaderTasks[Name]>>;
      if (task === 'verifyChain') this.#look(input as VerifyInput, result as AuditPage);
      return result;
    } catch (error) {
      if (pool !== this.#pool)
        throw new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'the readers restart' });
      // A task reports expected failures as plain objects: an Error loses its code between threads.
      const failure = isWireError(error) ? CodiError.fromWire(error) : error;
      if (isCodiError(failure) && failure.code === 'CODI_STORE_CORRUPT') this.#tell(failure);
      throw failure;
    }
  }

  attach(pool: ReaderPool, onDamage: (damage: Damage) => void): void {
    this.#pool = pool;
    this.#onDamage = onDamage;
  }

  detach(pool: ReaderPool): void {
    if (this.#pool === pool) this.#pool = undefined;
  }

  /** A check that finds damage does not fail: it says so. */
  #look({ database }: VerifyInput, { damage }: AuditPage): void {
    if (damage) this.#onDamage?.({ store: database, ...damage });
  }

  /** A read met pages that make no sense: its thread says in which database. */
  #tell({ message, details }: CodiError): void {
    const store = details['store'] as DamagedStore | undefined;
    if (store !== undefined) this.#onDamage?.({ store, reason: message });
  }
}

function isWireError(error: unknown): error is WireError {
  return (
    typeof error === 'object' && error !== null && !(error instanceof Error) && 'code' in error
  );
}

export interface ReadersPorts {
  port: ReaderPort;
  /** A read met damage. */
  onDamage(damage: Damage): void;
  /** `onFailure`: threads fail for which nobody waits, or cannot start. */
  createPool(onFailure: (error: Error) => void): ReaderPool;
}

export function readersSpec(ports: ReadersPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'readers',
    backoff: { minMs: 20, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, { port, createPool, onDamage }: ReadersPorts) {
  const pool = createPool(cell.scope.wrap((error) => cell.crash(error)));
  port.attach(pool, onDamage);
  cell.scope.defer('reader threads', () => pool.close());
  cell.scope.defer('reader port', () => port.detach(pool));
  return behaviour({
    machine: closingMachine('readers', 'answering'),
    effects: {
      'effect.close': closingBy(cell, () => {
        port.detach(pool);
        return pool.close();
      }),
    },
    status: () => ({ state: 'idle', note: `${pool.threads} threads` }),
  });
}
