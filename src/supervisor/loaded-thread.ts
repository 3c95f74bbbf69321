import type { Worker } from 'node:worker_threads';

/** A thread that has said nothing for so long hangs in its own code, not in loading it. */
export const LOADING_LIMIT_MS = 2_000;

/**
 * When a new thread has loaded its modules, as its first message shows; or has ended, or hangs. To be waited for
 * before terminate(): Node reads modules asynchronously, and what a thread has open when it is terminated in the
 * middle of that stays open in the process for ever.
 */
export function loadedThread(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LOADING_LIMIT_MS);
    timer.unref();
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    worker.once('message', done);
    worker.once('exit', done);
  });
}
