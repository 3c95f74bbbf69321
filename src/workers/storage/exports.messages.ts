/** What the exports actor asks of its threads. Times that need 64 bits and ids are bigint. */
import type { BytePath } from '../../protocol/byte-path.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import type { ExportKind, ExportRules } from '../../protocol/export-names.ts';
import type { ExportState } from '../../protocol/export-words.ts';
import type { Swept } from './exports/outdated-blobs.ts';
import type { DirectoryIdentity } from './held-directory.ts';

/** Given to the pool as workerData (or as its `data`). */
export interface ExportsOptions {
  dataDir: string;
  /** Which directory that has to be. */
  directory?: DirectoryIdentity;
}

/** What tells one state of a file from another. */
export interface FileIdentity {
  dev: bigint;
  ino: bigint;
  size: number;
  mtimeNs: bigint;
}

/** How often each kind of secret was seen; never the secret. */
export type SecretCounts = Readonly<Record<string, number>>;

/** The newest row of a path. */
export interface LastExport {
  id: number;
  state: ExportState;
  kind: ExportKind;
  /** Hex. */
  checksum: string | null;
  size: number | null;
  identity: FileIdentity | null;
  secrets: SecretCounts;
  isPruned: boolean;
}

export interface CaptureInput {
  path: BytePath;
  /** The file must lie in it; null: wherever it is. */
  root: BytePath | null;
  /** What was seen last; another state means that it is not settled. Null: nothing was. */
  expected: FileIdentity | null;
  /** As it is now, also when somebody is writing to it. */
  isSnapshot: boolean;
  /** What was captured of this path before. */
  previous: Pick<LastExport, 'checksum' | 'size' | 'secrets'> | null;
  sizeLimitBytes: number;
  versionChainCount: number;
}

export type CaptureResult =
  | {
      state: 'captured' | 'duplicate';
      identity: FileIdentity;
      size: number;
      /** Hex. */
      checksum: string;
      /** Hex: the version that the archived file goes on from. */
      base: string | null;
      archivePath: string;
      storedBytes: number;
      secrets: SecretCounts;
    }
  /** Another time, but the content that was captured before. */
  | { state: 'unchanged'; identity: FileIdentity }
  /** It changes, or somebody has it open for writing: look again later. */
  | { state: 'unsettled'; identity: FileIdentity; isOpen: boolean }
  | {
      state: 'empty' | 'refused' | 'unreadable' | 'vanished';
      identity: FileIdentity | null;
      code: ErrorCode;
    };

/** What is to become of an original; its content is kept. */
export interface RetireInput {
  path: BytePath;
  root: BytePath | null;
  /** As it was captured. */
  identity: FileIdentity;
  /** Hex. */
  checksum: string;
  /** The folder it goes to; null: it is deleted. */
  moveTo: BytePath | null;
}

export type RetireResult =
  | { outcome: 'moved'; to: BytePath }
  | { outcome: 'deleted' }
  /** It is another file by now, which is looked at by itself. */
  | { outcome: 'changed' }
  /** Somebody else, or a run that was interrupted, has taken it away. */
  | { outcome: 'gone' };

/** Tasks of the pool. A failed one rejects with a WireError object. */
export interface ExportTasks {
  capture(input: CaptureInput): Promise<CaptureResult>;
  retire(input: RetireInput): Promise<RetireResult>;
  /** Contents that were captured, or met again, before this time and that no younger one needs; hex, the oldest first. */
  outdated(input: { beforeMs: number; limit: number }): string[];
  /** Contents that have to go so that no more bytes are left; hex, the oldest first. */
  excess(input: { limitBytes: number; limit: number }): string[];
  /** Removes unfinished files, and those of contents (hex) that are given up. */
  sweep(input: { remove: string[] }): Swept;
}

/** Where the exports actor was, and whether it looked for the same. */
export interface ExportPlace {
  seq: number;
  /** Of the rules it looked by; empty: it never did. */
  rules: string;
}

export interface FindExportsInput {
  afterSeq: number;
  throughSeq: number;
  rules: ExportRules;
}

export interface FoundExport {
  /** Of the file event. */
  seq: number;
  root: BytePath;
  /** Absolute. */
  path: BytePath;
  /** It was there before, under a name that is an export, too. */
  from: BytePath | null;
  kind: ExportKind;
  isDelete: boolean;
  identity: FileIdentity | null;
  /** Whose work the event was, as far as that was known. */
  session: RecordSession | null;
  seenAtMs: number;
}

export interface FoundExports {
  found: FoundExport[];
  /** All events up to here were looked at. */
  throughSeq: number;
  /** Events behind afterSeq have left the tables: the index has to be looked through. */
  hasGap: boolean;
}

/** Goes through the path index, root by root. */
export interface IndexedExportsInput {
  rules: ExportRules;
  after: { rootId: number; path: BytePath } | null;
}

export interface IndexedExports {
  found: FoundExport[];
  next: { rootId: number; path: BytePath } | null;
}
