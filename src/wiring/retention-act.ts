import type { RetentionReport } from '../actors/storage/retention-run.ts';
import type { Act } from './act-recorder.ts';

/** What a run of retention did, as the ledger keeps it. */
export function retentionAct(report: RetentionReport): Act {
  return { kind: 'store.retention', subject: 'ledger.db', data: retentionData(report) };
}

export function retentionData(report: RetentionReport) {
  return {
    segments: report.segments,
    entries: report.entries,
    bytes: report.bytes,
    file_bytes: report.fileBytes,
    rows_removed: report.rows,
    files_removed: report.removedFiles,
    reasons: report.reasons,
    ...(report.stopped !== null && { stopped: report.stopped }),
  };
}
