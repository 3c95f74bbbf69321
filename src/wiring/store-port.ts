import { isAbsolute, normalize } from 'node:path';
import type { Row, StorePort } from '../actors/serving/ports.ts';
import { ageLimitMs, roomLimitMs } from '../actors/storage/retention-policy.ts';
import { diskSpace } from '../platform/disk-space.ts';
import { CodiError } from '../protocol/errors.ts';
import type { StoreStats } from '../workers/storage/archive.messages.ts';
import { backupRow, statsRow } from '../workers/storage/archive/store-rows.ts';
import { retentionData } from './retention-act.ts';
import type { Shared } from './shared.ts';

/** Questions about the store and work on it, done by retention's threads while everything else goes on. */
export function storePort(shared: Shared): StorePort {
  const { retention, acts, options } = shared;
  const { dataDir, environment } = options;
  const nowMs = () => environment.clock.nowMs();
  return {
    stats: async () => {
      const [stats, disk] = await Promise.all([retention.read('stats', {}), diskSpace(dataDir)]);
      return liveStats(shared, stats, disk.freeBytes);
    },
    compact: async (isDryRun) => {
      if (isDryRun) return wouldGo(shared, nowMs());
      const report = await retention.compact();
      return { dry_run: false, ...retentionData(report), duration_ms: report.durationMs };
    },
    backUp: async (directory, by) => {
      if (!isAbsolute(directory))
        throw new CodiError('CODI_BACKUP_UNFIT', { reason: `${directory} is not absolute` });
      const target = normalize(directory).replace(/(?<=.)\/+$/, '');
      const manifest = await retention.read('backup', { target, nowMs: nowMs() });
      const { ledger, segments } = manifest;
      const data = { blocks: ledger.blocks, segments: segments.length };
      acts.record({ kind: 'store.backup', subject: target, actor: by, data });
      return backupRow(target, manifest);
    },
  };
}

function liveStats({ options, retention }: Shared, stats: StoreStats, freeBytes: number): Row {
  const { storage } = options.config;
  const { last } = retention;
  const problem = retention.reason();
  return {
    ...statsRow(stats),
    disk_free_bytes: freeBytes,
    retention: {
      retention_days: storage.retentionDays,
      size_limit_bytes: storage.sizeLimitBytes,
      disk_floor_bytes: storage.diskFloorBytes,
      keep_days: storage.keepDays,
      archive: storage.isArchiving,
      archive_days: storage.archiveDays,
      interval_ms: storage.retentionIntervalMs,
      ...(last && { last_run_at: new Date(last.atMs).toISOString() }),
      ...(problem !== undefined && { problem }),
    },
  };
}

/** What the next run would take out of the tables; for its size, all that is allowed to go. */
async function wouldGo({ options, retention }: Shared, nowMs: number): Promise<Row> {
  const { storage } = options.config;
  const plan = await retention.read('plan', {
    beforeMs: ageLimitMs(storage, nowMs),
    roomBeforeMs: roomLimitMs(storage, nowMs),
    sizeLimitBytes: storage.sizeLimitBytes,
    isRoomNeeded: false,
    segmentLimitBytes: storage.segmentLimitBytes,
    isWhole: true,
  });
  const bytes = plan?.bytes ?? 0;
  return {
    dry_run: true,
    segments: Math.ceil(bytes / storage.segmentLimitBytes),
    entries: plan?.entries ?? 0,
    bytes,
    file_bytes: 0,
    rows_removed: 0,
    files_removed: 0,
    reasons: plan ? [plan.reason] : [],
    duration_ms: 0,
  };
}
