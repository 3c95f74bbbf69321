import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from './clock.ts';
import type { Environment } from './environment.ts';
import { forkHost } from './process-host.ts';
import { spawnThreadHost } from './thread-host.ts';

/** The real one: system clock, worker_threads, child_process. */
export function nodeEnvironment(): Environment {
  return {
    clock: nodeClock,
    random: Math.random,
    spawnThread: spawnThreadHost,
    forkProcess: forkHost,
  };
}

/** Longest delay Node's timers take; beyond it they would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout(callback, delayMs): Timer {
    return { id: setTimeout(callback, Math.min(delayMs, LONGEST_TIMEOUT_MS)) };
  },
  clearTimeout(timer) {
    clearTimeout(timer.id as NodeJS.Timeout);
  },
  setImmediate(callback) {
    setImmediate(callback);
  },
};
