/** For entries of processes and threads; it imports nothing of the runtime. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CHECK_MS = 2_000;
/** The process took less CPU time than this since the last check: nothing is going on. */
const IDLE_MICROSECONDS = 100_000;
/** Collected is when the heap is so much, and a quarter, larger than after the last time. */
const WORTH_BYTES = 8 * 1_024 * 1_024;

/** Checks after a collection until the one that follows it. */
const SECOND_CHECKS = 4;

/**
 * Gives memory back when nothing happens. A scan of 100,000 files leaves 60 MB of garbage in the host that makes it,
 * and 30 MB in each of the threads that what it found goes through. V8 collects when it needs room, not when it has
 * time: an idle thread would keep all of it for hours. No API asks for a collection, so the function made for tests is
 * taken. And twice: the first may only end one that was under way, which keeps what died since it began, and the space
 * for new objects is made small only by one that finds that few were made for seconds. Each stops its thread: a host
 * for about 80 ms per 100,000 files, the others for 20 ms. `isCompacting`: half-empty pages are emptied, too, which takes
 * longer, and gives back more where much was kept among garbage.
 */
export function trimWhenIdle(usage: () => NodeJS.CpuUsage, isCompacting = false): void {
  if (isCompacting) setFlagsFromString('--compact-on-every-full-gc');
  const cpuMicroseconds = () => usage().user + usage().system;
  let last = cpuMicroseconds();
  let keptBytes = 0;
  let secondIn = 0;
  const collectIfWorthIt = () => {
    const isSecond = secondIn > 0 && --secondIn === 0;
    if (secondIn > 0 || (!isSecond && heapBytes() <= keptBytes * 1.25 + WORTH_BYTES)) return;
    if (!isSecond) secondIn = SECOND_CHECKS;
    collect();
    keptBytes = heapBytes();
  };
  const check = () => {
    if (cpuMicroseconds() - last < IDLE_MICROSECONDS) collectIfWorthIt();
    last = cpuMicroseconds();
  };
  setInterval(check, CHECK_MS).unref();
}

function heapBytes(): number {
  return getHeapStatistics().total_heap_size;
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
