/**
 * Reads files for their checksums, in a pool of threads that starts empty. While it is away nothing is read, and what
 * changes is recorded without checksums, which come later.
 */
import { closingBy } from '../../supervisor/closing-by.ts';
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext, ChildSpec } from '../../supervisor/index.ts';
import type { HashInput, HashResult } from '../../workers/hashing/hashing.messages.ts';
import { countOf } from './count-of.ts';

/** Threads that run HashTasks; `run` rejects when there is no room, and when it is closed. */
export interface HashingPool {
  run(input: HashInput): Promise<HashResult>;
  /** Tells running tasks to end, and lets the threads go. */
  close(): Promise<void>;
  readonly threads: number;
}

/** What watchers ask; it stays the same over restarts of the actor behind it. */
export class HashingPort {
  readonly #laterMax: number;
  #pool: HashingPool | undefined;
  #laterCount = 0;
  readonly #turns: (() => void)[] = [];

  /** `threadsMax`: of the pool. One of them is left to files whose change waits for them. */
  constructor(threadsMax: number) {
    this.#laterMax = Math.max(1, threadsMax - 1);
  }

  /** Reads files whose change waits for it. Undefined when it cannot be done now. */
  async atOnce(input: HashInput): Promise<HashResult | undefined> {
    return this.#run(input);
  }

  /** Reads files that nobody waits for: so many tasks at a time, each root's turn after the other. */
  async later(input: HashInput): Promise<HashResult | undefined> {
    if (this.#laterCount >= this.#laterMax)
      await new Promise<void>((resolve) => void this.#turns.push(resolve));
    else this.#laterCount += 1;
    try {
      return await this.#run(input);
    } finally {
      // Whoever is next takes the place over.
      const next = this.#turns.shift();
      if (next) next();
      else this.#laterCount -= 1;
    }
  }

  attach(pool: HashingPool): void {
    this.#pool = pool;
  }

  detach(pool: HashingPool): void {
    if (this.#pool === pool) this.#pool = undefined;
  }

  async #run(input: HashInput): Promise<HashResult | undefined> {
    const pool = this.#pool;
    try {
      return await pool?.run(input);
    } catch {
      // No room, or a thread that ended: what was to be read is owed, and nothing depends on when it comes.
      return undefined;
    }
  }
}

export interface HashingPorts {
  port: HashingPort;
  /** `onFailure`: threads fail for which nobody waits, or cannot start. */
  createPool(onFailure: (error: Error) => void): HashingPool;
}

export function hashingSpec(ports: HashingPorts): ActorSpec<never> & ChildSpec {
  return {
    type: 'worker',
    id: 'hashing',
    backoff: { minMs: 50, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, { port, createPool }: HashingPorts) {
  const pool = createPool(cell.scope.wrap((error) => cell.crash(error)));
  port.attach(pool);
  cell.scope.defer('hashing threads', () => pool.close());
  cell.scope.defer('hashing port', () => port.detach(pool));
  return behaviour({
    machine: closingMachine('hashing', 'serving'),
    effects: {
      'effect.close': closingBy(cell, () => {
        port.detach(pool);
        return pool.close();
      }),
    },
    status: () => ({ state: 'idle', note: countOf(pool.threads, 'thread') }),
  });
}
