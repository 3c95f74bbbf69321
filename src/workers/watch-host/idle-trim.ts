import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CHECK_MS = 2_000;
/** Less CPU time than this since the last check: nothing is going on. */
const IDLE_MICROSECONDS = 100_000;
/** Collected are this much garbage, and half as much as was in use after the last time. */
const WORTH_BYTES = 16 * 1_024 * 1_024;

/**
 * Gives memory back when nothing happens. A scan of 100,000 files leaves 60 MB of garbage among the index, and V8
 * collects when it needs room, not when it has time: an idle host would keep all of it for hours. No API asks for
 * a collection, so the function made for tests is taken; compacting, because half-empty pages are kept otherwise,
 * and twice, because the first may only end one that was under way, which keeps what died since it began. Each
 * stops the host for about 80 ms per 100,000 files.
 */
export function trimWhenIdle(cpuMicroseconds: () => number): void {
  setFlagsFromString('--compact-on-every-full-gc');
  let lastCpu = cpuMicroseconds();
  let keptBytes = 0;
  let isSecondDue = false;
  setInterval(() => {
    const cpu = cpuMicroseconds();
    const isIdle = cpu - lastCpu < IDLE_MICROSECONDS;
    lastCpu = cpu;
    const usedBytes = getHeapStatistics().used_heap_size;
    const isWorthIt = isSecondDue || usedBytes > keptBytes * 1.5 + WORTH_BYTES;
    if (!isIdle || !isWorthIt) return;
    isSecondDue = !isSecondDue;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    keptBytes = getHeapStatistics().used_heap_size;
    lastCpu = cpuMicroseconds();
  }, CHECK_MS).unref();
}
