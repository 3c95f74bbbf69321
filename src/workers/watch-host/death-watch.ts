import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const WATCH = `const { workerData: parent } = require('node:worker_threads');
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 250);`;

/**
 * Does work that may hang in native code. Such a process does not see its channel close; meanwhile a thread ends it
 * when its parent is gone.
 */
export async function underDeathWatch<Result>(
  parentPid: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const worker = new Worker(WATCH, { eval: true, execArgv: [], workerData: parentPid });
  try {
    await once(worker, 'online');
    return await work();
  } finally {
    void worker.terminate();
  }
}
