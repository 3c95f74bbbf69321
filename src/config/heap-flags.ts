import { setFlagsFromString } from 'node:v8';

/**
 * How large V8 lets each of the two halves of the space for new objects grow: 4 MiB in place of 16. What waits for the
 * disk is bounded and soon answered, so that more room only spreads it over more memory.
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=4';

/** Arguments of Node for a daemon. What it loads stays: V8 need not look through it before there are 64 MiB. */
export const DAEMON_HEAP_FLAGS = [SMALL_YOUNG_GENERATION, '--initial-old-space-size=64'] as const;

/** Arguments of Node for a watch host. Its index grows once and stays: nothing is found by looking through it meanwhile. */
export const WATCH_HOST_HEAP_FLAGS = [
  SMALL_YOUNG_GENERATION,
  '--initial-old-space-size=96',
] as const;

/** For the threads made from now on. A main thread has its space already: it needs the flag when its process starts. */
export function keepYoungGenerationsSmall(): void {
  setFlagsFromString(SMALL_YOUNG_GENERATION);
}
