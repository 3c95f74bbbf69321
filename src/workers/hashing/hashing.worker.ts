/** Thread of the hashing pool: reads what it is told to, one task at a time. */
import { performance } from 'node:perf_hooks';
import { workerData } from 'node:worker_threads';
import { hashFiles as hash, type HashPorts } from './hash-files.ts';
import type { HashingOptions, HashTasks } from './hashing.messages.ts';

const { dataDir, stop } = workerData as HashingOptions;

const ports: HashPorts = {
  dataDir,
  isLinux: process.platform === 'linux',
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs) => void Atomics.wait(stop, 0, 0, durationMs),
  isStopping: () => Atomics.load(stop, 0) !== 0,
};

export const hashFiles: HashTasks['hashFiles'] = (input) => hash(input, ports);
