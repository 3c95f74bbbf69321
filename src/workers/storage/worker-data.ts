import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { useStoreKey } from './cipher/store-key.ts';

/** What every thread that opens files of a store is given beside its own options. */
export interface KeyOptions {
  /** The main key; absent: the store is plain. */
  encryptionKey?: Uint8Array;
}

/** The options a thread was started with: its workerData, or the `data` in it. Its store key is set from them. */
export function workerOptions<Options extends object>(): Options {
  const data = workerData as Options | { data: Options };
  const options = 'data' in data && typeof data.data === 'object' ? data.data : (data as Options);
  useStoreKey((options as KeyOptions).encryptionKey);
  return options;
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
