import { Piscina } from 'piscina';
import { CodiError } from '../protocol/errors.ts';
import type { ReaderPool } from '../actors/storage/readers.actor.ts';

/** A pool of reader threads that starts empty and lets idle threads go. An aborted read ends its thread. */
export function createReaderPool(options: {
  entry: URL;
  data: unknown;
  threadsMax: number;
  queueMax: number;
  idleMs: number;
}): ReaderPool {
  const pool = new Piscina({
    filename: options.entry.href,
    workerData: options.data,
    minThreads: 0,
    maxThreads: options.threadsMax,
    maxQueue: options.queueMax,
    idleTimeout: options.idleMs,
    concurrentTasksPerWorker: 1,
  });
  return {
    run: async (task, input, signal) => {
      // The pool's own refusal has no code that could be told apart from a broken task.
      if (pool.queueSize >= options.queueMax)
        throw new CodiError('CODI_OVERLOADED', { retryMs: 250 });
      return pool.run(input, { name: task, signal }) as Promise<unknown>;
    },
    close: () => pool.destroy(),
    get threads() {
      return pool.threads.length;
    },
  };
}
