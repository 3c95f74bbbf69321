import { z } from 'zod';
import { EXPORT_KINDS } from './export-names.ts';
import { EXPORT_STATES } from './export-words.ts';
import { isWithinMetadataLimit } from './json-text.ts';
import { LEVELS } from './kinds.ts';
import { COUNT_LIMITS, FIELD_LIMITS } from './limits.ts';
import { SCOPES } from './scopes.ts';
import {
  checksum,
  count,
  cursor,
  databaseName,
  flag,
  json,
  level,
  order,
  pageLimit,
  path,
  scopeName,
  sessionId,
  streamName,
  text,
  time,
  tokenName,
  uuid,
} from './wire-types.ts';

// The order of the fields is the order of the compact form (structs as arrays): it never changes,
// new fields are only added at the end, and are optional.

const metadata = json.refine(
  isWithinMetadataLimit,
  `must not be longer than ${FIELD_LIMITS.metadata} bytes as JSON`,
);

const entryFields = {
  level,
  component: text(FIELD_LIMITS.component),
  message: text(FIELD_LIMITS.message),
  metadata: metadata.nullish(),
  session_id: sessionId.nullish(),
};

/** One of the entries in a LogBatch. */
export const batchEntry = z.object({ ...entryFields, timestamp: time.nullish() });

const metadataFilter = json.refine(
  isMetadataFilter,
  `must be a map of at most ${COUNT_LIMITS.metadataConditions} keys, each of at most ${FIELD_LIMITS.metadataKey} bytes`,
);

const logFilter = z.object({
  level: level.nullish(),
  component: text(FIELD_LIMITS.component).nullish(),
  session_id: sessionId.nullish(),
  since: time.nullish(),
  until: time.nullish(),
  text: text(FIELD_LIMITS.searchText).nullish(),
  metadata: metadataFilter.nullish(),
  after_id: count.nullish(),
  levels: z.array(level).max(LEVELS.length).nullish(),
  component_prefix: text(FIELD_LIMITS.component).nullish(),
  typed_metadata: metadataFilter.nullish(),
  through_id: count.nullish(),
  full_text: text(FIELD_LIMITS.fullText).nullish(),
});

const eventKind = z.enum(['create', 'update', 'delete', 'move', 'attrib', 'access', 'transient']);

const eventFilter = z.object({
  since: time.nullish(),
  until: time.nullish(),
  root: path.nullish(),
  path: path.nullish(),
  events: z.array(eventKind).nullish(),
  session_id: sessionId.nullish(),
  after_seq: count.nullish(),
  through_seq: count.nullish(),
  recorded_before: time.nullish(),
});

/** The process that a session lives with: see SessionProcess. */
const sessionProcess = z.object({
  pid: count,
  namespace: text(FIELD_LIMITS.identity).nullish(),
  started: text(FIELD_LIMITS.identity).nullish(),
});

/** Every message a client may send. */
export const REQUESTS = {
  LogEntry: z.object({ ...entryFields, sequence: count.nullish() }),
  StartMonitoring: z.object({
    path,
    recursive: flag,
    patterns: z.array(text(FIELD_LIMITS.pattern)).max(COUNT_LIMITS.patterns),
    poll: flag.nullish(),
  }),
  StopMonitoring: z.object({ path }),
  SessionStart: z.object({
    session_id: sessionId.min(1),
    identity: text(FIELD_LIMITS.identity),
    agent_type: text(FIELD_LIMITS.identity).nullish(),
    metadata: metadata.nullish(),
    process: sessionProcess.nullish(),
  }),
  SessionEnd: z.object({
    session_id: sessionId,
    ended_by: z.enum(['client', 'run']).nullish(),
    exit_code: count.nullish(),
    exit_signal: text(FIELD_LIMITS.signal).nullish(),
  }),
  QueryLogs: z.object({
    filter: logFilter,
    limit: pageLimit,
    cursor: cursor.nullish(),
    order: order.nullish(),
    count: z.enum(['exact', 'none', 'estimate', 'only']).nullish(),
    include_archived: flag.nullish(),
  }),
  Hello: z.object({
    version: count,
    client: text(FIELD_LIMITS.identity).nullish(),
    producer_id: text(FIELD_LIMITS.identity).min(1).nullish(),
    token: text(FIELD_LIMITS.token).nullish(),
    session_id: sessionId.nullish(),
    tenant_id: text(FIELD_LIMITS.identity).nullish(),
    user_id: text(FIELD_LIMITS.identity).nullish(),
    early_answers: flag.nullish(),
    new_producer: flag.nullish(),
  }),
  LogBatch: z.object({ entries: z.array(batchEntry), first_sequence: count.nullish() }),
  Health: z.object({}),
  QueryEvents: z.object({
    filter: eventFilter,
    limit: pageLimit,
    cursor: cursor.nullish(),
    order: order.nullish(),
    include_archived: flag.nullish(),
  }),
  ListFiles: z.object({
    root: path.nullish(),
    prefix: path.nullish(),
    limit: pageLimit,
    cursor: cursor.nullish(),
    checksum: checksum.nullish(),
  }),
  ListWatches: z.object({}),
  ListSessions: z.object({
    limit: pageLimit,
    active: flag.nullish(),
    cursor: cursor.nullish(),
    session_id: sessionId.nullish(),
  }),
  Sync: z.object({
    paths: z.array(path).max(COUNT_LIMITS.paths).nullish(),
    timeout_ms: count.nullish(),
  }),
  Follow: z.object({
    streams: z
      .array(z.enum(['logs', 'events']))
      .min(1)
      .max(2),
    log_filter: logFilter.nullish(),
    event_filter: eventFilter.nullish(),
    from: z.object({ logs: count.nullish(), events: count.nullish() }).nullish(),
    format: text(64).nullish(),
  }),
  Unfollow: z.object({ request_id: uuid }),
  QueryActs: z.object({
    filter: z.object({
      since: time.nullish(),
      until: time.nullish(),
      kind: text(FIELD_LIMITS.identity).nullish(),
      subject: path.nullish(),
      after_seq: count.nullish(),
    }),
    limit: pageLimit,
    cursor: cursor.nullish(),
    order: order.nullish(),
  }),
  QueryGaps: z.object({
    filter: z.object({ root: path.nullish(), since: time.nullish(), open: flag.nullish() }),
    limit: pageLimit,
    cursor: cursor.nullish(),
  }),
  AuditHead: z.object({}),
  AuditProve: z.object({ stream: streamName, number: count, offset: count.nullish() }),
  AuditVerify: z.object({
    database: databaseName,
    cursor: cursor.nullish(),
    marks: z
      .array(z.object({ size: count, root: text(64) }))
      .max(COUNT_LIMITS.marks)
      .nullish(),
  }),
  StoreStats: z.object({}),
  CompactStore: z.object({ dry_run: flag.nullish() }),
  BackUpStore: z.object({ directory: path }),
  CreateToken: z.object({
    name: tokenName,
    scopes: z.array(scopeName).min(1).max(SCOPES.length).nullish(),
    expires_at: time.nullish(),
    rotates: flag.nullish(),
    overlap_ms: count.nullish(),
  }),
  ListTokens: z.object({}),
  RevokeToken: z.object({ name: tokenName, id: text(FIELD_LIMITS.identity).nullish() }),
  QueryExports: z.object({
    filter: z.object({
      since: time.nullish(),
      until: time.nullish(),
      session_id: sessionId.nullish(),
      path: path.nullish(),
      state: z.enum(EXPORT_STATES).nullish(),
      kind: z.enum(EXPORT_KINDS).nullish(),
      checksum: checksum.nullish(),
      id: count.nullish(),
      after_id: count.nullish(),
    }),
    limit: pageLimit,
    cursor: cursor.nullish(),
    order: order.nullish(),
  }),
  ListDuplicates: z.object({
    root: path.nullish(),
    min_size: count.nullish(),
    min_wasted: count.nullish(),
    limit: pageLimit,
    cursor: cursor.nullish(),
  }),
  QueryHistory: z.object({
    path,
    root: path.nullish(),
    limit: pageLimit,
    cursor: cursor.nullish(),
    include_archived: flag.nullish(),
    path_b64: text(FIELD_LIMITS.path * 2).nullish(),
  }),
  CaptureExport: z.object({ path, path_b64: text(FIELD_LIMITS.path * 2).nullish() }),
  SessionHeartbeat: z.object({ session_id: sessionId, process: sessionProcess.nullish() }),
} as const;

function isMetadataFilter(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return (
    keys.length <= COUNT_LIMITS.metadataConditions &&
    keys.every((key) => Buffer.byteLength(key) <= FIELD_LIMITS.metadataKey)
  );
}
