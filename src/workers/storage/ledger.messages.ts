/** What the main thread and the ledger thread say to each other. */
import type { Retold } from '../../protocol/content-move.ts';
import type { DirectoryIdentity } from './held-directory.ts';
import type { BytePath } from '../../protocol/byte-path.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { ExportKind } from '../../protocol/export-names.ts';
import type { ExportState } from '../../protocol/export-words.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import type { FileEvents } from '../../protocol/packed-events.ts';
import type { UpkeepAnswer, UpkeepCommand } from './archive.messages.ts';
import type { HealingNews, HealReport } from './healing.messages.ts';

/** Given to the thread as workerData (or as its `data`). */
export interface LedgerOptions {
  dataDir: string;
  /** Which directory that has to be. */
  directory?: DirectoryIdentity;
  /** A commit group is closed once it holds this many bytes; a message is never split. Default 256 KiB. */
  groupBytes?: number;
  /** How long a group that is not full waits for company. Default 0. */
  groupDelayMs?: number;
  /** Past this size of its write-ahead log the writer itself restarts it. Default 32 MiB. */
  walRestartBytes?: number;
  /** How many message ids are remembered for clients without a producer id. Default 100,000. */
  recentIds?: number;
  /** Names this run of the daemon: messages without an id get the same one when their batch is replayed. */
  runId?: string;
  /** Only used when the database is made. Default 4096. */
  pageSizeBytes?: number;
  /** Default 16 MiB. */
  cacheBytes?: number;
  /** Int32 counters of commits: [0] ledger.db, [1] state.db. The checkpointer looks at them. */
  commits?: SharedArrayBuffer | Int32Array;
  /** Stand on every file event, unless its record names another session. */
  tenantId?: string | null;
  userId?: string | null;
  sessionId?: string | null;
  /** How many of the newest blocks are recomputed on opening. Default 16. */
  verifyBlocks?: number;
  /** Whether messages are in a full-text index; default false, which removes it. */
  fullText?: boolean;
  /** Keeps others from opening what is being replaced: see StoreGate. */
  gate?: Int32Array;
  /** How often a damaged database is healed within an hour. Default 3. */
  healsPerHour?: number;
  /** For tests: the disk looks full at this many pages. */
  maxPageCount?: number;
}

/** What is known of a connection when its frames are handed over. */
export interface ConnectionContext {
  connection: number;
  format: 'msgpack' | 'json';
  producerId: string | null;
  sessionId: string | null;
  /** How that session is known; null: the daemon's configuration names it. */
  sessionBy: 'connection' | null;
  tenantId: string | null;
  userId: string | null;
  hasHello: boolean;
  peer?: string;
}

export interface EntriesMessage {
  type: 'entries';
  batch: number;
  /** Bodies of LogEntry and LogBatch frames, back to back. */
  bytes: Uint8Array;
  /** Triples: index into contexts, offset, length. */
  frames: Int32Array;
  /** As `contextText` writes them. */
  contexts: string[];
}

export interface FileEventsMessage {
  type: 'fileEvents';
  batch: number;
  rootId: number;
  rootPath: BytePath;
  /** Dense per root, from lastSequence + 1 of rootOpened. */
  sequence: number;
  events: FileEvents;
  /**
   * The events say checksums of files that were recorded before, and nothing else. One whose file is not what the
   * index has any more is left out.
   */
  isAboutContent?: boolean;
}

/** Answered after everything that was queued before it. */
export interface OpenRootMessage {
  type: 'openRoot';
  batch: number;
  rootPath: BytePath;
}

/** Something done to the daemon, by a person or by itself: recorded like what the daemon is told. */
export interface ActRecord {
  /** 16 bytes; the same act given again is stored once. */
  id: Uint8Array;
  seconds: number;
  nanos: number;
  /** What was done, such as `debug.kill`. */
  kind: string;
  /** What it was done to. */
  subject: string;
  /** Who did it; null: the daemon itself. */
  actor: string | null;
  /** Whose it is; null or absent: as the daemon's configuration says. */
  tenantId?: string | null;
  userId?: string | null;
  /** JSON text, or null. */
  data: string | null;
}

export interface ActsMessage {
  type: 'acts';
  batch: number;
  acts: ActRecord[];
}

/** What became of a file that was to be captured. */
export interface ExportRecord {
  /** 16 bytes, of the path and of what was found there: the same version given again is stored once. */
  captureId: Uint8Array;
  seconds: number;
  nanos: number;
  state: ExportState;
  kind: ExportKind;
  /** Absolute. */
  path: BytePath;
  /** In `exports/`; null: nothing is kept. */
  archivePath: string | null;
  size: number | null;
  /** SHA-256. */
  checksum: Uint8Array | null;
  /** Checksum of the version that the archived file goes on from. */
  base: Uint8Array | null;
  /** Size of the archived file; of a duplicate none is recorded. */
  storedBytes: number | null;
  stat: { dev: bigint; ino: bigint; mtimeNs: bigint } | null;
  session: RecordSession | null;
  /** Why nothing is kept: an error code. */
  reason: string | null;
  /** JSON text. */
  facts: string | null;
}

/** Written in one transaction, so that the cursor never passes an export that is not recorded. */
export interface ExportsMessage {
  type: 'exports';
  batch: number;
  records: ExportRecord[];
  /** File events up to this one are done with; null leaves it as it is. */
  cursor: { seq: number; rules: string } | null;
  /** Contents that policy gives up, unless a row from `sinceMs` on names them. */
  pruned: { checksum: Uint8Array; atMs: number; sinceMs: number }[];
}

export type LedgerWork =
  EntriesMessage | FileEventsMessage | OpenRootMessage | ActsMessage | ExportsMessage;

/**
 * What the ledger may take of the disk: what it needs; only the pages it has; nothing, and then everything but
 * upkeep is refused with CODI_DISK_FULL, untried.
 */
export type LedgerRoom = 'open' | 'inside' | 'none';

export type ToLedger =
  | LedgerWork
  | { type: 'upkeep'; id: number; command: UpkeepCommand }
  /** Somebody met damage: it is looked at again, and healed by the next thread. */
  | { type: 'heal'; block?: number; reason: string }
  | { type: 'room'; room: LedgerRoom }
  /** Finish what is queued, checkpoint, close, exit with code 0. */
  | { type: 'stop' };

/** Highest numbers; every stream is dense from 1, so they are counts, too. */
export interface LedgerHead {
  logs: number;
  fileEvents: number;
  /** Numbers of these two that no entry has any more, or ever had: of blocks that are named as lost. */
  lost: number;
  blocks: number;
  /** Size of the database without its write-ahead log. */
  bytes: number;
  lastCommitMs: number | null;
}

/** A range of numbers that a commit added to a stream. */
export interface StreamRange {
  first: number;
  last: number;
  count: number;
}

/** Framed answers for one connection, ready to write: a part of the one buffer of its group. */
export interface ConnectionAnswers {
  connection: number;
  bytes: Uint8Array;
  count: number;
  /** The error that ends the connection once these are written. */
  closedBy: ErrorCode | null;
}

/**
 * The same for all connections of a group, as few objects: taking many apart and putting them together again costs both
 * threads more than all else about an answer.
 */
export interface PackedAnswers {
  /** One behind the other; transferred. */
  bytes: Uint8Array;
  /** Triples: connection, bytes, count. */
  places: Float64Array;
  /** The errors that end connections once these are written. */
  closedBy: [connection: number, code: ErrorCode][];
}

/** Entries that were not taken, and messages of which none could be read. */
export type RejectedCounts = Partial<Record<ErrorCode, number>>;

export interface CommittedMessage {
  type: 'committed';
  /** Entries and file event batches that are settled; roots have their own answers. */
  batches: number[];
  /** Null when nothing new was stored (all duplicates or rejected). */
  block: number | null;
  logs: StreamRange | null;
  files: StreamRange | null;
  /** Batches of file events that were stored, each with the number of its first event. */
  fileStarts: [batch: number, firstSeq: number, retold: Retold][];
  acts: StreamRange | null;
  exports: StreamRange | null;
  /** Length of the canonical bytes of what was stored. */
  bytes: number;
  durationMs: number;
  answers: PackedAnswers;
  /** Entries, not messages. */
  duplicates: number;
  rejected: RejectedCounts;
}

/**
 * Nothing of these batches was taken. Entries among them are answered with Rejected in `answers`;
 * file batches and roots must be sent again, in their order, after `retryMs`.
 */
export interface RefusedMessage {
  type: 'refused';
  batches: number[];
  code: ErrorCode;
  retryMs: number;
  answers: PackedAnswers;
}

export interface RootAnswer {
  type: 'rootOpened';
  batch: number;
  rootId: number;
  lastSequence: number;
  isNew: boolean;
}

export type FromLedger =
  /** Without a head while the database is being healed: it follows with `healed`. */
  | { type: 'sys.ready'; head: LedgerHead | null }
  | Extract<HealingNews, { type: 'healing' | 'unhealed' }>
  | { type: 'healed'; report: HealReport; head: LedgerHead }
  | { type: 'sys.startFailed'; code: ErrorCode; message: string }
  | CommittedMessage
  | RefusedMessage
  | RootAnswer
  | UpkeepAnswer
  /** The thread exits with code 1 after it: first failed fsync, corruption, a broken invariant. */
  | { type: 'fatal'; code: ErrorCode; message: string };
