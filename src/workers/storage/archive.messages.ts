/** What retention asks of its pool (reading, compressing, verifying) and of the ledger thread (changing). */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { DirectoryIdentity } from './held-directory.ts';

/** Given to the pool as workerData (or as its `data`). */
export interface ArchiveOptions {
  dataDir: string;
  /** Which directory that has to be. */
  directory?: DirectoryIdentity;
}

/** Blocks that leave the tables together; both ends belong to it. */
export interface BlockSpan {
  firstBlock: number;
  lastBlock: number;
}

export interface PlanInput {
  /** Blocks committed before this may go for their age; null: none. */
  beforeMs: number | null;
  /** Older than this may go to make room: when the tables take more than `sizeLimitBytes`, or in any case. */
  roomBeforeMs: number;
  sizeLimitBytes: number;
  isRoomNeeded: boolean;
  /** Canonical bytes of one segment. */
  segmentLimitBytes: number;
  /** Everything that may go now, however many segments it makes. */
  isWhole?: boolean;
}

export type PlanReason = 'age' | 'size' | 'room';

/** The next blocks to go, with what they are worth; null: none. */
export type Plan =
  | (BlockSpan & {
      reason: PlanReason;
      entries: number;
      bytes: number;
      /** Their entries were lost: they leave the tables without a file. */
      isLost?: boolean;
    })
  | null;

/** A row of `segments` before it has a number. */
export interface SegmentRecord extends BlockSpan {
  firstLog: number | null;
  lastLog: number | null;
  firstEvent: number | null;
  lastEvent: number | null;
  firstCommittedMs: number;
  lastCommittedMs: number;
  oldestSeconds: number | null;
  newestSeconds: number | null;
  entries: number;
  bytes: number;
  /** Null: nothing of it is kept. */
  file: string | null;
  fileBytes: number;
  /** Hex. */
  sha256: string | null;
  createdMs: number;
}

export interface StoredSegment extends SegmentRecord {
  n: number;
  isDropped: boolean;
  removedMs: number | null;
}

/** How much room the ledger takes. */
export interface LedgerSpace {
  pageBytes: number;
  pages: number;
  /** Pages that hold nothing: the next entries go there. */
  freePages: number;
}

/** A block that does not match its leaf; nothing was archived. */
export interface DamagedBlock {
  damaged: { block: number; reason: string };
}

export interface StoreStats {
  databases: { name: string; bytes: number; freeBytes: number; walBytes: number }[];
  /** `rows` are in the tables, `last` is the number of the last one there ever was. */
  streams: { name: string; rows: number; last: number }[];
  blocks: number;
  /** Of the blocks whose entries are in the tables. */
  oldestMs: number | null;
  newestMs: number | null;
  /** What the disk reserve holds. */
  reserveBytes: number;
  archive: { segments: number; entries: number; bytes: number; oldestMs: number | null };
}

export interface StoreProblem {
  /** File, from the data directory. */
  where: string;
  block?: number;
  reason: string;
}

export interface BackupDatabase {
  blocks: number;
  bytes: number;
  /** Of the file, hex. */
  sha256: string;
  lastCommitMs: number | null;
}

/** `backup.json`: what a complete backup holds. */
export interface BackupManifest {
  format: 'codi-backup';
  version: 1;
  /** RFC 3339. */
  created: string;
  ledger: BackupDatabase;
  state: BackupDatabase;
  segments: { file: string; sha256: string; bytes: number }[];
  /** Kept contents of exports; absent in backups from before there were any. */
  exports?: { files: number; bytes: number };
}

/** Tasks of the archive pool. A failed one rejects with a WireError object. */
export interface ArchiveTasks {
  plan(input: PlanInput): Plan;
  /** Writes the file, verifies it from the disk and names it; a complete one that is there already is taken. */
  writeSegment(input: BlockSpan & { nowMs: number }): SegmentRecord | DamagedBlock;
  /** The record of blocks that are deleted without a file. */
  describe(input: BlockSpan & { nowMs: number }): SegmentRecord | DamagedBlock;
  /** All of them, oldest first. */
  segments(input?: unknown): StoredSegment[];
  space(input?: unknown): LedgerSpace;
  /** Deletes unfinished files and those of segments that were given up. */
  sweep(input?: unknown): { files: number; bytes: number };
  /** Makes the reserve this large; 0: there is none. */
  reserveDisk(input: { bytes: number }): void;
  /** Gives the reserve back to the disk, and says how much it was. */
  releaseReserve(input?: unknown): number;
  stats(input?: unknown): StoreStats;
  /** Copies a running store to an absolute path, and verifies the copy. */
  backup(input: { target: string; nowMs: number }): Promise<BackupManifest>;
}

/** What only the ledger thread may do; each is harmless when it is asked twice. */
export type UpkeepCommand =
  /** Records a segment and begins to remove its rows, in one transaction. */
  | { type: 'beginSegment'; segment: SegmentRecord; budgetMs: number }
  /** Removes more rows of a recorded segment, for about so long. */
  | { type: 'dropRows'; budgetMs: number }
  /** Gives up the file of a segment; it may be deleted then. */
  | { type: 'giveUpFile'; n: number; nowMs: number }
  /**
   * Moves all of the write-ahead log into the database, so that the next change needs no room of the disk; shrinking,
   * the room it had is given back.
   */
  | { type: 'restartLog'; isShrinking: boolean };

/** What changes `segments`. */
export type SegmentCommand = Exclude<UpkeepCommand, { type: 'restartLog' }>;

export interface UpkeepResult {
  /** Rows of logs and file_events that were removed. */
  rows: number;
  /** Whether rows of a recorded segment are still there. */
  isDropping: boolean;
  durationMs: number;
}

export type UpkeepAnswer = { type: 'upkeep'; id: number } & (
  { ok: true; result: UpkeepResult } | { ok: false; code: ErrorCode; message: string }
);
