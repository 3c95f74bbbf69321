import { readdir, readFile } from 'node:fs/promises';
import {
  constants,
  monitorEventLoopDelay,
  performance,
  PerformanceObserver,
} from 'node:perf_hooks';
import type { RuntimeMeter, TelemetryPorts } from '../actors/telemetry/telemetry.actor.ts';

/** A timer that fires so often measures the delay, natively. At 50 ms it was 20 of the 35 times that an idle daemon woke. */
const RESOLUTION_MS = 100;
const NANOS_PER_MS = 1e6;

const GC_KINDS = new Map<number, 'minor' | 'major' | 'incremental' | 'weakcb'>([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Observers of the thread it is called in, and of the process. */
export const openRuntimeMeter: TelemetryPorts['openMeter'] = (onGarbageCollected): RuntimeMeter => {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      const name = GC_KINDS.get(kind);
      if (name !== undefined) onGarbageCollected(name, entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    takeLoopDelay: () => {
      // The histogram holds the time between two firings, the wanted interval included.
      const late = (nanos: number) =>
        Number.isFinite(nanos) ? Math.max(0, nanos / NANOS_PER_MS - RESOLUTION_MS) : 0;
      const delay = {
        meanMs: late(delays.mean),
        p50Ms: late(delays.percentile(50)),
        p99Ms: late(delays.percentile(99)),
        maxMs: late(delays.max),
      };
      delays.reset();
      return delay;
    },
    readProcess,
    close: () => {
      delays.disable();
      observer.disconnect();
    },
  };
};

async function readProcess() {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  const loop = performance.eventLoopUtilization();
  return {
    cpuUserMs: cpu.user / 1_000,
    cpuSystemMs: cpu.system / 1_000,
    loopActiveMs: loop.active,
    loopIdleMs: loop.idle,
    rssBytes: memory.rss,
    heapUsedBytes: memory.heapUsed,
    heapTotalBytes: memory.heapTotal,
    externalBytes: memory.external,
    startedAtMs: performance.timeOrigin,
    openFds: await openFds(),
    maxFds: await maxFds(),
  };
}

/** Known on Linux only. The directory that is read counts itself. */
async function openFds(): Promise<number | undefined> {
  const names = await readdir('/proc/self/fd').catch(() => undefined);
  return names && names.length - 1;
}

async function maxFds(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
