import type { EntryRecord, RejectedEntry } from './entry-record.ts';

/** Numbers the entries of a batch from `first` on, in place. Rejected ones keep their number. */
export function numberEntries(
  entries: readonly EntryRecord[],
  rejected: readonly RejectedEntry[],
  first: number,
): void {
  let skipped = 0;
  for (const [position, entry] of entries.entries()) {
    while (isBefore(rejected[skipped], position + skipped)) skipped++;
    (entry as { sequence: number | null }).sequence = first + position + skipped;
  }
}

function isBefore(rejected: RejectedEntry | undefined, index: number): boolean {
  return rejected !== undefined && rejected.index <= index;
}
