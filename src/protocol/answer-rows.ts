import { z } from 'zod';
import { EXPORT_KINDS } from './export-names.ts';
import { EXPORT_STATES } from './export-words.ts';
import { GAP_REASONS } from './gap.ts';
import { SESSION_BY, SESSION_ENDS } from './kinds.ts';
import { anyText as text, count, flag, json, level, sessionId, time } from './wire-types.ts';

// The rows that answers carry, field order as in requests.ts.

/** An inode or device number may need all 64 bits. */
const bigCount = z.union([count, z.bigint()]);
export const logRow = z.object({
  id: count,
  timestamp: time,
  level,
  component: text,
  session_id: sessionId.nullish(),
  message: text,
  metadata: json.nullish(),
  tenant_id: text.nullish(),
  user_id: text.nullish(),
  session_by: z.enum(SESSION_BY).nullish(),
});

const fileKind = z.enum(['file', 'dir', 'symlink', 'other']);

export const eventRow = z.object({
  seq: count,
  time,
  root: text,
  path: text,
  path_b64: text.nullish(),
  event: z.enum(['create', 'update', 'delete', 'move', 'attrib', 'access', 'transient']),
  from: text.nullish(),
  from_b64: text.nullish(),
  kind: fileKind,
  size: count.nullish(),
  checksum: text.nullish(),
  seen: z.enum(['native', 'poll', 'reconcile', 'hint']),
  session_id: sessionId.nullish(),
  tenant_id: text.nullish(),
  user_id: text.nullish(),
  old_checksum: text.nullish(),
  session_by: z.enum(SESSION_BY).nullish(),
});

export const fileRow = z.object({
  root: text,
  path: text,
  path_b64: text.nullish(),
  kind: fileKind,
  size: count,
  mtime: time,
  ino: bigCount,
  checksum: text.nullish(),
});

export const watchRow = z.object({
  path: text,
  path_b64: text.nullish(),
  recursive: flag,
  patterns: z.array(text),
  active: flag,
  state: text,
  mode: z.enum(['native', 'poll']),
  hint_source: z.enum(['fs', 'parcel', 'none']),
  reason: text.nullish(),
  files: count,
  directories: count,
  created_at: time,
  polled_directories: count.nullish(),
  host: text.nullish(),
  gaps: z
    .array(
      z.object({
        reason: z.enum(GAP_REASONS),
        path: text.nullish(),
        detail: text.nullish(),
        opened: time,
      }),
    )
    .nullish(),
});

export const sessionRow = z.object({
  session_id: sessionId,
  identity: text,
  agent_type: text.nullish(),
  started_at: time,
  ended_at: time.nullish(),
  metadata: json.nullish(),
  tenant_id: text.nullish(),
  user_id: text.nullish(),
  ended_by: z.enum(SESSION_ENDS).nullish(),
  exit_code: count.nullish(),
  exit_signal: text.nullish(),
  ended_who: text.nullish(),
});

export const actRow = z.object({
  seq: count,
  time,
  kind: text,
  subject: text,
  actor: text.nullish(),
  data: json.nullish(),
  tenant_id: text.nullish(),
  user_id: text.nullish(),
});

export const exportRow = z.object({
  id: count,
  original_path: text,
  original_path_b64: text.nullish(),
  archive_path: text.nullish(),
  session_id: sessionId.nullish(),
  size: count.nullish(),
  checksum: text.nullish(),
  captured_at: time,
  state: z.enum(EXPORT_STATES),
  kind: z.enum(EXPORT_KINDS),
  session_by: z.enum(SESSION_BY).nullish(),
  modified_at: time.nullish(),
  stored_bytes: count.nullish(),
  base: text.nullish(),
  reason: text.nullish(),
  secrets: z.record(text, count).nullish(),
  pruned_at: time.nullish(),
  tenant_id: text.nullish(),
  user_id: text.nullish(),
});

export const duplicateRow = z.object({
  checksum: text,
  size: count,
  copies: count,
  names: count,
  wasted_bytes: count,
  at_least: flag.nullish(),
});

/** Changes that no hint had led to, by kind. */
const found = z.object({
  create: count.nullish(),
  update: count.nullish(),
  delete: count.nullish(),
  move: count.nullish(),
  attrib: count.nullish(),
});

export const gapRow = z.object({
  id: text,
  root: text,
  root_b64: text.nullish(),
  path: text.nullish(),
  path_b64: text.nullish(),
  reason: z.enum(GAP_REASONS),
  detail: text.nullish(),
  opened: time,
  closed: time.nullish(),
  found,
  first_seq: count.nullish(),
  last_seq: count.nullish(),
  times: count,
  opened_act: count,
  closed_act: count.nullish(),
});

export type LogRow = z.output<typeof logRow>;
export type EventRow = z.output<typeof eventRow>;
export type FileRow = z.output<typeof fileRow>;
export type WatchRow = z.output<typeof watchRow>;
export type ExportRow = z.output<typeof exportRow>;
export type DuplicateRow = z.output<typeof duplicateRow>;
export type GapRow = z.output<typeof gapRow>;
export type ActRow = z.output<typeof actRow>;
export type SessionRow = z.output<typeof sessionRow>;
