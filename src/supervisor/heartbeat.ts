/** The host's side of the watchdog: for entries of threads and processes; it imports nothing of the runtime. */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

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
  const beat = () => {
    const now = performance.eventLoopUtilization();
    const elu = performance.eventLoopUtilization(now, last).utilization;
    last = now;
    post({ type: 'sys.alive', heapUsedBytes: getHeapStatistics().used_heap_size, elu });
  };
  const timer = setInterval(beat, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
