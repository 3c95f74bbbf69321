import type { RetentionReport } from '../actors/storage/retention-report.ts';
import type { Act } from './act-recorder.ts';

/** What a run of retention did, as the ledger keeps it. */
export function retentionAct(report: RetentionReport): Act {
  const { releasedBytes } = report;
  const data = {
    ...retentionData(report),
    ...(releasedBytes > 0 && { reserve_released: releasedBytes }),
  };
  return { kind: 'store.retention', subject: 'ledger.db', data };
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
