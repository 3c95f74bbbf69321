import { Piscina } from 'piscina';
import type { ArchivePool } from '../actors/storage/retention.actor.ts';
import { LoadingThreads } from './loading-threads.ts';

/** Threads for work that takes as long as it takes; they start when they are needed and go when they are not. */
export function createArchivePool(options: {
  entry: URL;
  data: unknown;
  threadsMax: number;
  queueMax: number;
  idleMs: number;
  /** A thread could not start, or ended while it had nothing to do: what waits for it may wait for ever. */
  onFailure(error: Error): void;
}): ArchivePool {
  const pool = new Piscina({
    filename: options.entry.href,
    workerData: options.data,
    minThreads: 0,
    maxThreads: options.threadsMax,
    maxQueue: options.queueMax,
    idleTimeout: options.idleMs,
    concurrentTasksPerWorker: 1,
    // Nobody reads its histograms; to make them is a part of every start.
    recordTiming: false,
  });
  pool.on('error', options.onFailure);
  const loading = new LoadingThreads(pool);
  return {
    run: (task, input, signal) => {
      const result = pool.run(input, { name: task, signal }) as Promise<unknown>;
      void loading.loaded();
      return result;
    },
    close: async () => {
      await loading.loaded();
      await pool.destroy();
    },
  };
}
