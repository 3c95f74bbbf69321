import { z } from 'zod';
import { anyText as text, count, flag, time, uuid } from './wire-types.ts';

const requestId = uuid.nullish();

/** See the answer of this name in docs/protocol.md. */
export const storeStatus = z.object({
  databases: z.array(z.object({ name: text, bytes: count, free_bytes: count, wal_bytes: count })),
  streams: z.array(z.object({ name: text, rows: count, last: count })),
  blocks: count,
  oldest: time.nullish(),
  newest: time.nullish(),
  archive: z.object({ segments: count, entries: count, bytes: count, oldest: time.nullish() }),
  disk_free_bytes: count.nullish(),
  retention: z
    .object({
      retention_days: count,
      size_limit_bytes: count,
      disk_floor_bytes: count,
      keep_days: count,
      archive: flag,
      archive_days: count,
      interval_ms: count,
      last_run_at: time.nullish(),
      problem: text.nullish(),
    })
    .nullish(),
  request_id: requestId,
  disk_reserve_bytes: count.nullish(),
});

/** See the answer of this name in docs/protocol.md. */
export const storeCompacted = z.object({
  dry_run: flag,
  segments: count,
  entries: count,
  bytes: count,
  file_bytes: count,
  rows_removed: count,
  files_removed: count,
  reasons: z.array(text),
  stopped: text.nullish(),
  duration_ms: z.number().min(0),
  request_id: requestId,
});

const backedUpDatabase = z.object({
  blocks: count,
  bytes: count,
  sha256: text,
  last_commit_at: time.nullish(),
});

/** See the answer of this name in docs/protocol.md. */
export const storeBackedUp = z.object({
  directory: text,
  created: time,
  ledger: backedUpDatabase,
  state: backedUpDatabase,
  segments: count,
  segment_bytes: count,
  request_id: requestId,
});
