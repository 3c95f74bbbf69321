import { z } from 'zod';
import {
  exportRow,
  logRow,
  eventRow,
  fileRow,
  watchRow,
  sessionRow,
  actRow,
  gapRow,
  duplicateRow,
} from './answer-rows.ts';
import { storeBackedUp, storeCompacted, storeStatus } from './store-answers.ts';
import { tokenCreated, tokenResults, tokensRevoked } from './token-answers.ts';
import {
  count,
  databaseName,
  flag,
  json,
  streamName,
  anyText as text,
  time,
  uuid,
} from './wire-types.ts';

// Field order as in requests.ts: fixed, new fields at the end and optional. Answers that the
// original protocol has begin with its fields. `request_id` names the request an answer is for.

const requestId = uuid.nullish();

const status = z.object({
  components: z.array(z.object({ name: text, state: text, restarts: count })),
  uptime: z.object({ secs: count, nanos: count }),
  version: text.nullish(),
  pid: count.nullish(),
  state: z.enum(['healthy', 'degraded']).nullish(),
  reasons: z.array(text).nullish(),
  started_at: time.nullish(),
  data_dir: text.nullish(),
  ledger: z
    .object({
      entries: count,
      bytes: count,
      last_commit_at: time.nullish(),
      blocks: count,
      entries_per_second: z.number().min(0),
    })
    .nullish(),
  watching: z.object({ roots: count, files: count, gaps: count.nullish() }).nullish(),
  clients: z.object({ connected: count }).nullish(),
  restarts: z
    .object({
      total: count,
      last_hour: z.array(z.object({ path: text, at: time, reason: text })),
    })
    .nullish(),
  request_id: requestId,
  http_url: text.nullish(),
  audit: z.array(z.object({ database: text, blocks: count, signed_at: time })).nullish(),
  tcp: z.object({ address: text, tls: flag, token: flag, fingerprint: text.nullish() }).nullish(),
  scrub: z
    .array(
      z.object({
        database: text,
        verified_blocks: count,
        pass_ended_at: time.nullish(),
        damaged: count,
      }),
    )
    .nullish(),
  spools: z.object({ files: count, bytes: count, rejected_files: count }).nullish(),
});

const databaseHead = z.object({
  database: databaseName,
  checkpoint: text.nullish(),
  size: count,
  signed_at: time.nullish(),
  blocks: count.nullish(),
});

const auditAlarm = z.object({
  about: z.enum(['ledger', 'state', 'key']),
  detected_at: time,
  reason: text,
});

/** Where a chain was set back on purpose. */
const auditBreak = z.object({
  database: databaseName,
  at: time,
  reason: text,
  size: count,
  replaced_size: count,
  replaced_origin: text,
});

const auditFinding = z.object({
  block: count.nullish(),
  reason: text,
  ranges: z.array(z.object({ stream: streamName, first: count, last: count })),
});

/** Archive segments whose entries are missing in an answer. */
const damagedFiles = z.array(z.object({ file: text, reason: text }));

/** Every message the daemon answers with. */
export const ANSWERS = {
  Acknowledgment: z.object({
    request_id: uuid,
    status: z.union([z.enum(['Accepted', 'Queued']), z.object({ Rejected: text })]),
    code: text.nullish(),
    retry_after_ms: z.number().min(0).nullish(),
    expected_sequence: count.nullish(),
    rejected: z.array(z.object({ index: count, code: text, reason: text })).nullish(),
  }),
  LogResults: z.object({
    entries: z.array(logRow),
    total_count: count,
    next: text.nullish(),
    request_id: requestId,
    last: count.nullish(),
    total_is: z.enum(['exact', 'at_least', 'estimate']).nullish(),
    head: count.nullish(),
    archived: count.nullish(),
    damaged: damagedFiles.nullish(),
  }),
  Error: z.object({
    code: text,
    message: text,
    details: json.nullish(),
    hint: text.nullish(),
    retryable: flag.nullish(),
    request_id: requestId,
  }),
  Status: status,
  Welcome: z.object({
    version: count,
    server: text,
    producer_sequence: count,
    limits: z.object({ frame_bytes: count, window: count }),
    request_id: requestId,
  }),
  EventResults: z.object({
    events: z.array(eventRow),
    next: text.nullish(),
    request_id: requestId,
    last: count.nullish(),
    head: count.nullish(),
    archived: count.nullish(),
    damaged: damagedFiles.nullish(),
    pruned_through: count.nullish(),
  }),
  FileResults: z.object({ files: z.array(fileRow), next: text.nullish(), request_id: requestId }),
  WatchResults: z.object({ watches: z.array(watchRow), request_id: requestId }),
  SessionResults: z.object({
    sessions: z.array(sessionRow),
    next: text.nullish(),
    request_id: requestId,
  }),
  Synced: z.object({
    roots: count,
    events: count,
    duration_ms: z.number().min(0),
    request_id: requestId,
  }),
  ActResults: z.object({
    acts: z.array(actRow),
    next: text.nullish(),
    request_id: requestId,
  }),
  GapResults: z.object({
    gaps: z.array(gapRow),
    next: text.nullish(),
    request_id: requestId,
  }),
  AuditHeads: z.object({
    databases: z.array(databaseHead),
    keys: z.array(text),
    alarms: z.array(auditAlarm),
    request_id: requestId,
    breaks: z.array(auditBreak).nullish(),
  }),
  AuditProof: z.object({
    database: databaseName,
    stream: streamName,
    number: count,
    block: count,
    leaf: text,
    canonical: text,
    next: count.nullish(),
    tree_size: count,
    path: z.array(text),
    checkpoint: text,
    request_id: requestId,
  }),
  AuditFindings: z.object({
    checked: count,
    blocks: count,
    entries: count,
    segments: count,
    leaf_only: count,
    findings: z.array(auditFinding),
    next: text.nullish(),
    request_id: requestId,
    lost: count.nullish(),
    losses: z.array(auditFinding).nullish(),
  }),
  StoreStatus: storeStatus,
  StoreCompacted: storeCompacted,
  StoreBackedUp: storeBackedUp,
  TokenCreated: tokenCreated,
  TokenResults: tokenResults,
  TokensRevoked: tokensRevoked,
  ExportResults: z.object({
    exports: z.array(exportRow),
    next: text.nullish(),
    request_id: requestId,
  }),
  DuplicateResults: z.object({
    groups: z.array(duplicateRow),
    next: text.nullish(),
    request_id: requestId,
    with_checksum: count,
    without_checksum: count,
  }),
  HistoryResults: z.object({
    events: z.array(eventRow),
    next: text.nullish(),
    request_id: requestId,
    root: text,
    head: count,
    down_to: count,
    archived: count.nullish(),
    damaged: damagedFiles.nullish(),
    pruned_through: count.nullish(),
    other_roots: z.array(text).nullish(),
  }),
  ExportCaptured: z.object({ export: exportRow, is_new: flag, request_id: requestId }),
} as const;
