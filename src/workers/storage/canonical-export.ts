import type { CanonicalBuffer } from './canonical.ts';
import { STREAMS } from './codes.ts';
import type { PathValue } from './path-value.ts';

/** A row of `export_archive`: what became of a file that was to be captured. */
export interface ExportArchiveRow {
  id: number;
  capture_id: Uint8Array;
  seconds: number;
  nanos: number;
  state: number;
  kind: number;
  original_path: PathValue;
  archive_path: string | null;
  file_size: number | null;
  checksum: Uint8Array | null;
  base: Uint8Array | null;
  stored_bytes: number | null;
  dev: bigint | null;
  ino: bigint | null;
  mtime_seconds: number | null;
  mtime_nanos: number | null;
  session_id: string | null;
  session_by: number | null;
  reason: string | null;
  facts: string | null;
  tenant_id: string | null;
  user_id: string | null;
}

export function appendExport(out: CanonicalBuffer, row: ExportArchiveRow): void {
  out.head(STREAMS.exports);
  out.i64(row.id);
  out.blob(row.capture_id);
  out.i64(row.seconds);
  out.u32(row.nanos);
  out.u8(row.state);
  out.u8(row.kind);
  out.path(row.original_path);
  out.text(row.archive_path);
  out.optionalI64(row.file_size);
  out.blob(row.checksum);
  out.blob(row.base);
  out.optionalI64(row.stored_bytes);
  out.optionalI64(row.dev);
  out.optionalI64(row.ino);
  out.optionalI64(row.mtime_seconds);
  out.optionalI64(row.mtime_nanos);
  out.text(row.session_id);
  out.optionalI64(row.session_by);
  out.text(row.reason);
  out.text(row.facts);
  out.text(row.tenant_id);
  out.text(row.user_id);
}
