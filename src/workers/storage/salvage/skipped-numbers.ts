import { RARE_STREAMS, type StreamCode } from '../codes.ts';

/** More entries than a write-ahead log holds. */
const NUMBERS_SKIPPED = 1_000_000;
/** … and for each block that was signed and is gone: more than a commit group of small entries holds. */
const NUMBERS_PER_BLOCK = 4_096;
/** Roots, acts and exports are rare. */
const RARE_SKIPPED = 1_000;

/** How many numbers of a stream are left out where some may have been given away that nothing tells of. */
export function skippedNumbers(stream: StreamCode, missingBlocks: number): number {
  if (RARE_STREAMS.has(stream)) return RARE_SKIPPED + missingBlocks;
  return NUMBERS_SKIPPED + missingBlocks * NUMBERS_PER_BLOCK;
}
