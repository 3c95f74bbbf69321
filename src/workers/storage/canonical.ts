/**
 * Canonical bytes: one encoding of every stored entry, from its row alone, that says each value exactly
 * once and in one way. Block leaves are hashes over these bytes; docs/ledger-format.md is the definition.
 */
import { CANONICAL_VERSION, type CanonicalBuffer } from './canonical-buffer.ts';
import { STREAMS } from './codes.ts';
import type { PathValue } from './path-value.ts';

export { CANONICAL_VERSION, CanonicalBuffer } from './canonical-buffer.ts';

/** Of a log entry whose session another than the entry itself named; without that it is written as ever. */
const LOG_VERSION_WITH_SESSION_BY = 2;
/** Of a file event that names the checksum of the content before; without one it is written as ever. */
const VERSION_WITH_OLD_CHECKSUM = 2;
/** Of a file event that says how its session is known; the checksum before may be NULL there. */
const VERSION_WITH_SESSION_BY = 3;

/** A row of `logs`, with the values as the columns hold them. */
export interface LogRow {
  id: number;
  seconds: number;
  nanos: number;
  level: number;
  component: string;
  session_id: string | null;
  message: string;
  metadata: string | null;
  tenant_id: string | null;
  user_id: string | null;
  created_ms: number;
  /** Code of `SESSION_BY`; null: the entry named its session, or has none. Undefined in rows from before: as null. */
  session_by?: number | null;
}

/** A row of `file_events`. The stat columns are all null or all set. */
export interface FileEventRow {
  seq: number;
  root_id: number;
  seconds: number;
  nanos: number;
  event: number;
  kind: number;
  path: PathValue;
  from_path: PathValue | null;
  size: number | null;
  old_size: number | null;
  seen: number;
  dev: bigint | null;
  ino: bigint | null;
  stat_size: number | null;
  mtime_seconds: number | null;
  mtime_nanos: number | null;
  ctime_seconds: number | null;
  ctime_nanos: number | null;
  mode: number | null;
  nlink: number | null;
  checksum: Uint8Array | null;
  session_id: string | null;
  tenant_id: string | null;
  user_id: string | null;
  /** Undefined in rows made before there was such a column: as null. */
  old_checksum?: Uint8Array | null;
  /** Code of `SESSION_BY`, null without a session. Undefined in rows from before: as null. */
  session_by?: number | null;
}

/** A row of `coordination`, state.db's stream. */
export interface CoordinationRow {
  seq: number;
  revision: number;
  seconds: number;
  nanos: number;
  kind: string;
  subject: PathValue;
  data: string | null;
  session_id: string | null;
  tenant_id: string | null;
  user_id: string | null;
}

/** A row of `roots`: the name behind a root_id, chained like the events that use it. */
export interface RootRow {
  root_id: number;
  path: PathValue;
  created_ms: number;
}

/** A row of `acts`: something a person or the daemon itself did to the daemon. */
export interface ActRow {
  seq: number;
  act_id: Uint8Array;
  seconds: number;
  nanos: number;
  kind: string;
  subject: string;
  actor: string | null;
  data: string | null;
  tenant_id: string | null;
  user_id: string | null;
}

export function appendLog(out: CanonicalBuffer, row: LogRow): void {
  const sessionBy = row.session_by ?? null;
  out.head(STREAMS.logs, sessionBy === null ? CANONICAL_VERSION : LOG_VERSION_WITH_SESSION_BY);
  out.i64(row.id);
  out.i64(row.seconds);
  out.u32(row.nanos);
  out.u8(row.level);
  out.text(row.component);
  out.text(row.session_id);
  out.text(row.message);
  out.text(row.metadata);
  out.text(row.tenant_id);
  out.text(row.user_id);
  out.i64(row.created_ms);
  if (sessionBy !== null) out.u8(sessionBy);
}

export function appendFileEvent(out: CanonicalBuffer, row: FileEventRow): void {
  const oldChecksum = row.old_checksum ?? null;
  const sessionBy = row.session_by ?? null;
  out.head(STREAMS.fileEvents, fileEventVersion(oldChecksum, sessionBy));
  out.i64(row.seq);
  out.i64(row.root_id);
  out.i64(row.seconds);
  out.u32(row.nanos);
  out.u8(row.event);
  out.u8(row.kind);
  out.path(row.path);
  out.path(row.from_path);
  out.optionalI64(row.size);
  out.optionalI64(row.old_size);
  out.u8(row.seen);
  out.u8(row.ino === null ? 0 : 1);
  if (row.ino !== null) {
    out.i64(row.dev!);
    out.i64(row.ino);
    out.i64(row.stat_size!);
    out.i64(row.mtime_seconds!);
    out.u32(row.mtime_nanos!);
    out.i64(row.ctime_seconds!);
    out.u32(row.ctime_nanos!);
    out.i64(row.mode!);
    out.i64(row.nlink!);
  }
  out.blob(row.checksum);
  out.text(row.session_id);
  out.text(row.tenant_id);
  out.text(row.user_id);
  if (oldChecksum !== null || sessionBy !== null) out.blob(oldChecksum);
  if (sessionBy !== null) out.u8(sessionBy);
}

function fileEventVersion(oldChecksum: Uint8Array | null, sessionBy: number | null): number {
  if (sessionBy !== null) return VERSION_WITH_SESSION_BY;
  return oldChecksum === null ? CANONICAL_VERSION : VERSION_WITH_OLD_CHECKSUM;
}

export function appendCoordination(out: CanonicalBuffer, row: CoordinationRow): void {
  out.head(STREAMS.coordination);
  out.i64(row.seq);
  out.i64(row.revision);
  out.i64(row.seconds);
  out.u32(row.nanos);
  out.text(row.kind);
  out.path(row.subject);
  out.text(row.data);
  out.text(row.session_id);
  out.text(row.tenant_id);
  out.text(row.user_id);
}

export function appendRoot(out: CanonicalBuffer, row: RootRow): void {
  out.head(STREAMS.roots);
  out.i64(row.root_id);
  out.path(row.path);
  out.i64(row.created_ms);
}

export function appendAct(out: CanonicalBuffer, row: ActRow): void {
  out.head(STREAMS.acts);
  out.i64(row.seq);
  out.blob(row.act_id);
  out.i64(row.seconds);
  out.u32(row.nanos);
  out.text(row.kind);
  out.text(row.subject);
  out.text(row.actor);
  out.text(row.data);
  out.text(row.tenant_id);
  out.text(row.user_id);
}
