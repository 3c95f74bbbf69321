import { Piscina } from 'piscina';
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
    run: (task, input, signal) => pool.run(input, { name: task, signal }),
    close: () => pool.destroy(),
    get threads() {
      return pool.threads.length;
    },
  };
}
