/**
 * Tasks of the reader pool: `pool.run({ input, begun }, { name })`, where name is a key of ReaderTasks.
 * Inputs are bodies of requests as the protocol decodes them; results are rows ready for the wire.
 * A failed task rejects with a WireError object: an Error loses its code on the way out of a thread.
 */
import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexRow } from '../../protocol/file-event.ts';
import type { Found, GapReason } from '../../protocol/gap.ts';
import type { IndexPage } from '../../protocol/index-page.ts';
import type {
  ActRow,
  BodyOf,
  DuplicateRow,
  EventRow,
  ExportRow,
  FileRow,
  GapRow,
  LogRow,
  SessionRow,
} from '../../protocol/messages.ts';

import type {
  ExportPlace,
  FindExportsInput,
  FoundExports,
  IndexedExports,
  IndexedExportsInput,
  LastExport,
} from './exports.messages.ts';
import type { Finding } from './audit/verify-chain.ts';
import type { StoreKind } from './open-database.ts';

/** Given to the pool as workerData (or as its `data`). */
export interface ReaderOptions {
  dataDir: string;
  /** Per thread and database. Default 4 MiB. */
  cacheBytes?: number;
  /** After so long a query returns the page it has, with a cursor to go on. Default 200. */
  budgetMs?: number;
  /** Per thread: unpacked parts of archive segments that are kept for the next page. Default 16 MiB. */
  archiveCacheBytes?: number;
}

/**
 * Rows, and with `next` perhaps more, also when the page is short or empty: then the query used up its
 * time between matches and goes on from the cursor.
 */
export interface Page<Row> {
  /** With `after_seq`: rows up to here, beyond it, are not in what was asked. */
  prunedThrough?: number;
  rows: Row[];
  next?: string;
  /** As `count` asks: of everything that matches, else of this page. */
  totalCount?: number;
  totalIs?: 'exact' | 'at_least' | 'estimate';
  /** The highest number in the stream when the page was read. */
  head?: number;
  /** With after_id or after_seq: all up to this number was looked at, so a follower goes on from here. */
  through?: number;
  /** Archive segments in what this page covers, which were not asked for. */
  archived?: number;
  /** Archive segments that cannot be read: what they hold is missing here. */
  damaged?: DamagedFile[];
}

/** A file of the archive, from the data directory, and what is wrong with it. */
export interface DamagedFile {
  file: string;
  reason: string;
}

/** Files of the index that a page has looked at. */
export interface ContentCounts {
  withChecksum: number;
  withoutChecksum: number;
}

/** What a page of a path's history is about. */
export interface HistoryPlace {
  /** The watched path that it was recorded under. */
  root: string;
  /** Others that hold the path, too. */
  otherRoots: string[];
  head: number;
  /** Everything above this number was looked at. */
  downTo: number;
}

export interface LoadIndexInput {
  rootPath: BytePath;
  /** The last path of the page before; null to begin. */
  afterPath: BytePath | null;
  limit: number;
}

export interface CountDirectoriesInput {
  rootPath: BytePath;
  limit: number;
}

/** A listing without a root is about `roots`, or about every root of the ledger. */
export type ListDuplicatesInput = BodyOf<'ListDuplicates'> & { roots?: readonly BytePath[] };
export type ListFilesInput = BodyOf<'ListFiles'> & { roots?: readonly BytePath[] };

export interface VerifyInput {
  database: StoreKind;
  cursor?: string;
  /** Roots to meet beside those that are signed here, in base64. */
  marks?: readonly { size: number; root: string }[];
}

/** One piece of a check of a chain. */
export interface AuditPage {
  /** Blocks up to here were looked at, of so many. */
  checked: number;
  blocks: number;
  /** Entries that were looked at in this piece. */
  entries: number;
  /** Archive segments that were begun in it. */
  segments: number;
  /** Blocks in it whose entries retention has deleted: their leaf was checked alone. */
  leafOnly: number;
  findings: Finding[];
  /** Losses in it that are known since a damaged database was healed, and the blocks they are in. */
  losses: Finding[];
  lost: number;
  /** The first finding that is damage of the database itself. */
  damage?: { block?: number; reason: string };
  next?: string;
}

/** Counts without a scan. */
export interface Totals {
  logs: number;
  fileEvents: number;
  blocks: number;
  ledgerBytes: number;
  lastCommitMs: number | null;
  revision: number;
  stateBytes: number;
}

/** `watched`: the roots, as they are shown, that open gaps without a root are asked of. */
export type QueryGapsInput = BodyOf<'QueryGaps'> & { watched?: readonly string[] };

/** A gap without an end in the ledger, and what is recorded of what it may hide. */
export interface OpenGapRow {
  gap: string;
  root: BytePath;
  reason: GapReason;
  path?: BytePath;
  detail?: string;
  openedMs: number;
  afterSeq: number;
  found: Found;
  firstSeq?: number;
  lastSeq?: number;
}

export interface ReaderTasks {
  /** Newest first unless asked otherwise; with filter.after_id in order of id, oldest first. */
  queryLogs(input: BodyOf<'QueryLogs'>): Page<LogRow>;
  /** Newest first unless asked otherwise or with filter.after_seq; always in order of seq. */
  queryEvents(input: BodyOf<'QueryEvents'>): Page<EventRow>;
  /** In byte order of paths within a root, names that are not UTF-8 last; with a checksum, files of this content. */
  listFiles(input: ListFilesInput): Page<FileRow>;
  /** In order of checksum. */
  listDuplicates(input: ListDuplicatesInput): Page<DuplicateRow> & ContentCounts;
  /** Newest first. */
  queryHistory(input: BodyOf<'QueryHistory'>): Page<EventRow> & HistoryPlace;
  /** Newest first. */
  listSessions(input: BodyOf<'ListSessions'>): Page<SessionRow>;
  /** Newest first unless asked otherwise or with filter.after_seq; always in order of seq. */
  queryActs(input: BodyOf<'QueryActs'>): Page<ActRow>;
  /** The last opened one first. */
  queryGaps(input: QueryGapsInput): Page<GapRow>;
  openGaps(input: object): OpenGapRow[];
  /** Goes on from `cursor`; done when there is no next one. */
  verifyChain(input: VerifyInput): AuditPage;
  /** In the order of listFiles; empty for an unknown root. */
  loadIndex(input: LoadIndexInput): IndexRow[];
  /** The same for the watch host. */
  indexPage(input: LoadIndexInput): IndexPage;
  /** Directories in the index of a root, no more than the limit. */
  countDirectories(input: CountDirectoriesInput): number;
  /** Highest sequence committed for a producer, 0 for an unknown one. */
  producerSequence(input: { producerId: string }): number;
  totals(input?: unknown): Totals;
  /** Newest first unless asked otherwise or with filter.after_id; always in order of id. */
  queryExports(input: BodyOf<'QueryExports'>): Page<ExportRow>;
  lastExport(input: { path: BytePath }): LastExport | null;
  exportPlace(input?: unknown): ExportPlace;
  /** Contents that policy gave up, hex; the newest 10,000. */
  prunedExports(input?: unknown): string[];
  findExports(input: FindExportsInput): FoundExports;
  indexedExports(input: IndexedExportsInput): IndexedExports;
}

/** What a task is given. */
export interface ReaderCall<Name extends keyof ReaderTasks> {
  input: Parameters<ReaderTasks[Name]>[0];
  /** Set to 1 when the thread begins: the time limit counts from then. */
  begun?: Int32Array;
}
