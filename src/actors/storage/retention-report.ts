import type { PlanReason } from '../../workers/storage/archive.messages.ts';

/** What one run of retention did. */
export interface RetentionReport {
  segments: number;
  entries: number;
  /** Rows removed from the tables; entries of an interrupted run are counted where it was finished. */
  rows: number;
  /** Canonical bytes of the entries. */
  bytes: number;
  fileBytes: number;
  removedFiles: number;
  removedBytes: number;
  /** Of the disk reserve, given up to get out of a full disk; the run has made it again as far as it could. */
  releasedBytes: number;
  reasons: PlanReason[];
  /** Why it could not go on. */
  stopped: string | null;
  /** The disk is full, and policy lets nothing go. */
  isStuck: boolean;
  durationMs: number;
}

export function emptyReport(): RetentionReport {
  return {
    segments: 0,
    entries: 0,
    rows: 0,
    bytes: 0,
    fileBytes: 0,
    removedFiles: 0,
    removedBytes: 0,
    releasedBytes: 0,
    reasons: [],
    stopped: null,
    isStuck: false,
    durationMs: 0,
  };
}

/** Whether a run did something that people should find in the ledger. */
export function hasChanged(report: RetentionReport): boolean {
  return report.rows > 0 || report.segments > 0 || report.removedFiles > 0;
}
