import { Piscina } from 'piscina';
import type { HashingPool } from '../actors/watching/hashing.actor.ts';
import type { HashingOptions, HashResult } from '../workers/hashing/hashing.messages.ts';
import { LoadingThreads } from './loading-threads.ts';

/** How long running tasks are waited for when the pool closes: a file on a disk that hangs may never be read. */
const CLOSE_WAIT_MS = 1_000;

/** Threads that read files; they start when they are needed and go when they are not. */
export function createHashingPool(options: {
  entry: URL;
  dataDir: string;
  threadsMax: number;
  queueMax: number;
  idleMs: number;
  /** A thread could not start, or ended while it had nothing to do: what waits for it may wait for ever. */
  onFailure(error: Error): void;
}): HashingPool {
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const pool = new Piscina({
    filename: options.entry.href,
    workerData: { dataDir: options.dataDir, stop } satisfies HashingOptions,
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
  const running = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  const close = async () => {
    // A thread that is ended while it has a file open leaves it open for ever.
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    const limit = new Promise((resolve) => setTimeout(resolve, CLOSE_WAIT_MS).unref());
    await Promise.race([Promise.allSettled(running), limit]);
    await loading.loaded();
    await pool.destroy();
  };
  return {
    run: async (input) => {
      const result = pool.run(input, { name: 'hashFiles' }) as Promise<HashResult>;
      running.add(result);
      void loading.loaded();
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    close: () => (closing ??= close()),
    get threads() {
      return pool.threads.length;
    },
  };
}
