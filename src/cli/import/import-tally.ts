import { RECORD_KINDS } from './classify.ts';
import type { RecordKind } from './classify.ts';
import type { UnreadableReason } from './read-event.ts';

/** What became of the records of a log; also what --json prints of it. */
export interface ImportTally {
  file: string;
  /** Records by kind, without duplicates. */
  kinds: Record<RecordKind, number>;
  /** Written by this run. */
  imported: number;
  /** In the ledger since an earlier run. */
  known: number;
  duplicates: number;
  /** Records that were cut out of, or put together from, torn lines. */
  mended: number;
  /** Records that do not say when they happened. */
  without_time: number;
  /** The daemon did not take them. */
  refused: number;
  unreadable: number;
  unreadable_by_reason: Partial<Record<UnreadableReason, number>>;
  bytes: number;
  /** The log ends before what was imported of it earlier. */
  is_shorter: boolean;
  duration_ms: number;
}

export function emptyTally(file: string): ImportTally {
  return {
    file,
    kinds: Object.fromEntries(RECORD_KINDS.map((kind) => [kind, 0])) as Record<RecordKind, number>,
    imported: 0,
    known: 0,
    duplicates: 0,
    mended: 0,
    without_time: 0,
    refused: 0,
    unreadable: 0,
    unreadable_by_reason: {},
    bytes: 0,
    is_shorter: false,
    duration_ms: 0,
  };
}

export function recordsIn(tally: ImportTally): number {
  return Object.values(tally.kinds).reduce((sum, count) => sum + count, 0);
}
