/** The host's side of the watchdog: for entries of threads and processes; it imports nothing of the runtime. */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { alignedDelay } from './tick-alignment.ts';

/** Below the shortest time between two looks of a watchdog; each beat wakes two threads. */
const INTERVAL_MS = 2_000;

export interface HostAlive {
  type: 'sys.alive';
  heapUsedBytes: number;
  /** Share of the time since the last beat that the event loop was busy: 0..1. */
  elu: number;
}

/** Says `sys.alive` as long as the event loop turns; keeps nothing alive itself. Returns its end. */
export function sendHeartbeats(
  post: (message: HostAlive) => void,
  intervalMs: number = INTERVAL_MS,
): () => void {
  let last = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout;
  // On one clock for all threads and processes, so that their beats wake who hears them once.
  const arm = () => {
    timer = setTimeout(beat, alignedDelay(performance.timeOrigin + performance.now(), intervalMs));
    timer.unref();
  };
  const beat = () => {
    arm();
    const now = performance.eventLoopUtilization();
    const elu = performance.eventLoopUtilization(now, last).utilization;
    last = now;
    post({ type: 'sys.alive', heapUsedBytes: getHeapStatistics().used_heap_size, elu });
  };
  arm();
  return () => clearTimeout(timer);
}
