import { Piscina } from 'piscina';
import type { ReaderPool } from '../actors/storage/readers.actor.ts';
import { CodiError } from '../protocol/errors.ts';
import { LoadingThreads } from './loading-threads.ts';
import { ReaderQueue } from './reader-queue.ts';

/** Reads that wait are refused after so many times the limit of one. */
const WAIT_FACTOR = 5;
/** Parts of the limit after which it is looked whether the read has begun. */
const LIMIT_PARTS = 4;

/** A pool of reader threads that starts empty and lets idle threads go. A read past its limit ends its thread. */
export function createReaderPool(options: {
  entry: URL;
  data: unknown;
  threadsMax: number;
  queueMax: number;
  idleMs: number;
  timeoutMs: number;
  /** A thread could not start, or ended while it had nothing to do: what waits for it may wait for ever. */
  onFailure(error: Error): void;
}): ReaderPool {
  const { timeoutMs } = options;
  const pool = new Piscina({
    filename: options.entry.href,
    workerData: options.data,
    minThreads: 0,
    maxThreads: options.threadsMax,
    idleTimeout: options.idleMs,
    concurrentTasksPerWorker: 1,
    // Nobody reads its histograms; to make them is a part of every start.
    recordTiming: false,
  });
  pool.on('error', options.onFailure);
  const loading = new LoadingThreads(pool);
  const queue = new ReaderQueue({
    runningMax: options.threadsMax,
    waitingMax: options.queueMax,
    waitMs: timeoutMs * WAIT_FACTOR,
  });
  return {
    run: (task, input) =>
      queue.run(async () => {
        const limit = new ReadLimit(timeoutMs);
        const call = { input, begun: limit.begun };
        try {
          const result = pool.run(call, { name: task, signal: limit.signal }) as Promise<unknown>;
          void loading.loaded();
          return await result;
        } catch (error) {
          throw limit.signal.aborted ? tooLong(timeoutMs) : error;
        } finally {
          limit.stop();
        }
      }),
    close: async () => {
      queue.close();
      await loading.loaded();
      await pool.destroy();
    },
    get threads() {
      return pool.threads.length;
    },
  };
}

/** Time from when a thread has taken the read; starting a thread is not the read's fault. */
class ReadLimit {
  /** The thread writes 1. */
  readonly begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #parts = 0;

  constructor(timeoutMs: number) {
    this.#timer = setInterval(() => this.#look(), timeoutMs / LIMIT_PARTS);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (Atomics.load(this.begun, 0) === 0) return;
    this.#parts += 1;
    if (this.#parts > LIMIT_PARTS) this.#controller.abort();
  }
}

function tooLong(timeoutMs: number): CodiError {
  return new CodiError(
    'CODI_TIMEOUT',
    { timeoutMs },
    {
      message: `the read took longer than ${timeoutMs} ms and was ended, so that it does not hold up the ledger`,
      hint: 'ask for a shorter time, or for fewer rows at once',
    },
  );
}
