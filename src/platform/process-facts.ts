import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** How often the loop is looked at; a calm loop shows a delay of just that. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

export interface ProcessNumbers {
  rss_bytes: number;
  heap_used_bytes: number;
  heap_limit_bytes: number;
  /** Of all threads, since the start. */
  cpu_ms: number;
  /** Beyond what is due; since the call before. */
  event_loop_p50_ms: number;
  event_loop_p99_ms: number;
  event_loop_utilization: number;
}

/** Numbers of this process and of the event loop of this thread. The loop is watched from the first call to end(). */
export class ProcessFacts {
  #delay: IntervalHistogram | undefined;
  #utilization = performance.eventLoopUtilization();

  read(): ProcessNumbers {
    if (!this.#delay) {
      this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#delay.enable();
    }
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const numbers = {
      rss_bytes: rss,
      heap_used_bytes: heapUsed,
      heap_limit_bytes: getHeapStatistics().heap_size_limit,
      cpu_ms: Math.round((user + system) / 1_000),
      event_loop_p50_ms: delayMs(this.#delay, 50),
      event_loop_p99_ms: delayMs(this.#delay, 99),
      event_loop_utilization: Math.round(utilization * 1_000) / 1_000,
    };
    this.#delay.reset();
    return numbers;
  }

  end(): void {
    this.#delay?.disable();
    this.#delay = undefined;
  }
}

/** What keeps this process alive, counted by type. */
export function activeHandles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

function delayMs(histogram: IntervalHistogram, percentile: number): number {
  const ms = histogram.percentile(percentile) / NS_PER_MS - RESOLUTION_MS;
  return Number.isFinite(ms) && histogram.count > 0 ? Math.max(0, Math.round(ms * 100) / 100) : 0;
}
