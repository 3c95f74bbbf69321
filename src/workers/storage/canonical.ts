/**
 * Canonical bytes: one encoding of every stored entry, from its row alone, that says each value exactly
 * once and in one way. Block leaves are hashes over these bytes; docs/ledger-format.md is the definition.
 */
import { STREAMS } from './codes.ts';
import type { PathValue } from './path-value.ts';

/** Version byte of an entry's encoding. A changed encoding gets a new number, old entries keep theirs. */
export const CANONICAL_VERSION = 1;
/** Of a file event that names the checksum of the content before; without one it is written as ever. */
const VERSION_WITH_OLD_CHECKSUM = 2;

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

const NULL_LENGTH = 0xffff_ffff;
const TWO_32 = 0x1_0000_0000;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const MAX_UTF8_PER_UNIT = 3;
const SHORT_UNITS = 48;

/** A growing buffer that entries are appended to; reused from block to block. */
export class CanonicalBuffer {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** What was appended, without copying: valid until the next append or clear. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the content, and a much too large buffer with it. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > 4 * 1024 * 1024) this.#bytes = Buffer.allocUnsafeSlow(64 * 1024);
  }

  head(stream: number, version = CANONICAL_VERSION): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = stream;
    this.#bytes[this.#length++] = version;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  i64(value: number | bigint): void {
    this.#reserve(8);
    if (typeof value === 'bigint') {
      this.#length = this.#bytes.writeBigInt64LE(value, this.#length);
      return;
    }
    // Exact for every safe integer, and without a BigInt for each field of each entry.
    const high = Math.floor(value / TWO_32);
    this.#bytes.writeUInt32LE(value - high * TWO_32, this.#length);
    this.#length = this.#bytes.writeInt32LE(high, this.#length + 4);
  }

  optionalI64(value: number | bigint | null): void {
    this.u8(value === null ? 0 : 1);
    if (value !== null) this.i64(value);
  }

  text(value: string | null): void {
    if (value === null) {
      this.u32(NULL_LENGTH);
      return;
    }
    this.#reserve(4 + value.length * MAX_UTF8_PER_UNIT);
    if (value.length <= SHORT_UNITS && this.#shortAscii(value)) return;
    const written = this.#bytes.write(value, this.#length + 4, 'utf8');
    this.#bytes.writeUInt32LE(written, this.#length);
    this.#length += 4 + written;
  }

  /** Most texts but the message are short and ASCII: no call out of JavaScript for them. */
  #shortAscii(value: string): boolean {
    const bytes = this.#bytes;
    const { length } = value;
    const offset = this.#length;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[offset + 4 + index] = unit;
    }
    bytes[offset] = length;
    bytes[offset + 1] = bytes[offset + 2] = bytes[offset + 3] = 0;
    this.#length = offset + 4 + length;
    return true;
  }

  blob(value: Uint8Array | null): void {
    if (value === null) {
      this.u32(NULL_LENGTH);
      return;
    }
    this.u32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A path's bytes; TEXT and BLOB of the same bytes encode alike. */
  path(value: PathValue | null): void {
    if (typeof value === 'string') this.text(value);
    else this.blob(value);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

export function appendLog(out: CanonicalBuffer, row: LogRow): void {
  out.head(STREAMS.logs);
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
}

export function appendFileEvent(out: CanonicalBuffer, row: FileEventRow): void {
  const oldChecksum = row.old_checksum ?? null;
  out.head(
    STREAMS.fileEvents,
    oldChecksum === null ? CANONICAL_VERSION : VERSION_WITH_OLD_CHECKSUM,
  );
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
  if (oldChecksum !== null) out.blob(oldChecksum);
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
