import { setFlagsFromString } from 'node:v8';

/**
 * How large V8 lets each of the two halves of the space for new objects grow: 4 MiB in place of 16. What waits for the
 * disk is bounded and soon answered, so that more room only spreads it over more memory.
 */
export const YOUNG_GENERATION_FLAG = '--max-semi-space-size=4';

/** For the threads made from now on. A main thread has its space already: it needs the flag when its process starts. */
export function keepYoungGenerationsSmall(): void {
  setFlagsFromString(YOUNG_GENERATION_FLAG);
}
