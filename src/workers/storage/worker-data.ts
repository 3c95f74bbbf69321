import { parentPort, workerData, type MessagePort } from 'node:worker_threads';

/** The options a thread was started with: its workerData, or the `data` in it. */
export function workerOptions<Options extends object>(): Options {
  const data = workerData as Options | { data: Options };
  return 'data' in data && typeof data.data === 'object' ? data.data : (data as Options);
}

/** The way to the main thread; only a worker thread has one. */
export function mainThread(): MessagePort {
  if (!parentPort) throw new Error('this module is the entry of a worker thread');
  return parentPort;
}

/** Counters shared with the checkpointer: one is added for each commit. */
export function commitCounters(commits: SharedArrayBuffer | Int32Array | undefined): Int32Array {
  if (commits instanceof Int32Array) return commits;
  return new Int32Array(commits ?? new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** Places in the shared counters. */
export const COMMIT_SLOTS = { ledger: 0, state: 1 } as const;
