import { entryToJson } from '../archive/archived-entry.ts';
import type { StreamCode } from '../codes.ts';
import type { LossSpan } from '../healing.messages.ts';
import { LOSSES } from '../lost-blocks.ts';
import type { StoredRow } from '../stored-rows.ts';
import type { BlockCandidates } from './block-candidates.ts';
import type { UnprovedFile } from './unproved-file.ts';

/** Writes the entries of lost blocks that can still be read to a file. Yields after some. */
export function* takeUnproved(
  candidates: BlockCandidates,
  losses: readonly LossSpan[],
  file: UnprovedFile,
): Generator<void> {
  for (const { kind, ranges } of losses) {
    if (kind === LOSSES.leaf) continue;
    for (const { stream, first, last } of ranges)
      for (const rows of candidates.readable({ stream: stream as StreamCode, first, last })) {
        for (const row of rows) {
          const line = lineOf(stream, row);
          if (line !== undefined) file.add(line);
        }
        yield;
      }
  }
  file.finish();
}

/** Undefined when it is no entry of ours after all. */
function lineOf(stream: number, row: StoredRow): string | undefined {
  try {
    return JSON.stringify(entryToJson(stream, row));
  } catch (error) {
    // A code that stands for nothing, a value of another type.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
