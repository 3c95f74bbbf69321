import type { BytePath } from './byte-path.ts';
import type { SessionBy } from './kinds.ts';

export type FileEventKind = 'create' | 'update' | 'delete' | 'move' | 'attrib' | 'transient';
export type FileKind = 'file' | 'dir' | 'symlink' | 'other';
/** How a change became known. `hint`: from hints alone; nothing was there to be looked at. */
export type SeenBy = 'native' | 'poll' | 'reconcile' | 'hint';

/** What the path index keeps of a file, to see a change by difference. */
export interface IndexStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mode: number;
  readonly nlink: number;
}

/** One path of the index of a root. */
export interface IndexRow {
  /** Relative to the root. */
  readonly path: BytePath;
  readonly kind: FileKind;
  readonly stat: IndexStat;
  readonly checksum?: Uint8Array;
}

/** The session that a change is put down to, and whose that is; null: the daemon's own. */
export interface RecordSession {
  readonly id: string;
  readonly by: SessionBy;
  readonly tenantId: string | null;
  readonly userId: string | null;
}

/** One change of one path, on its way to the ledger. */
export interface FileEventRecord {
  readonly seconds: number;
  readonly nanos: number;
  readonly event: FileEventKind;
  /** Relative to the root. */
  readonly path: BytePath;
  /** Where a moved path was before. */
  readonly from?: BytePath;
  readonly kind: FileKind;
  readonly size: number | null;
  readonly oldSize?: number;
  readonly seen: SeenBy;
  /** Null for a delete. */
  readonly stat: IndexStat | null;
  readonly session?: RecordSession;
  readonly checksum?: Uint8Array;
  /** Of an `attrib`: nothing recorded explains the new change time, so the content may be another one, too. */
  readonly isContentUnsure?: boolean;
}
