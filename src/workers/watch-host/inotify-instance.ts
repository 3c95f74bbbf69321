import { Worker } from 'node:worker_threads';

/** An event loop of its own takes an inotify instance of its own with its first watch. */
const TRY = `require('node:fs').watch('/', { persistent: false }).close()`;

/**
 * Rejects with the reason when the system has no inotify instance left. Native code that then asks for one waits for
 * it for ever, and the whole process with it.
 */
export function assertInotifyInstance(): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(TRY, { eval: true });
    worker.once('exit', (code) => {
      if (code === 0) resolve();
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      const reason = 'no watch queue is left (fs.inotify.max_user_instances)';
      reject(error.code === 'EMFILE' ? new Error(reason, { cause: error }) : error);
    });
  });
}
