/** What the main thread and the state thread say to each other. */
import type { DirectoryIdentity } from './held-directory.ts';
import type { BytePath } from '../../protocol/byte-path.ts';
import type { ErrorCode, WireError } from '../../protocol/errors.ts';
import type { SessionEndedBy } from '../../protocol/kinds.ts';
import type { SessionProcess } from '../../protocol/session-process.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { HealingNews } from './healing.messages.ts';

/** Given to the thread as workerData (or as its `data`). */
export interface StateOptions {
  dataDir: string;
  /** Which directory that has to be. */
  directory?: DirectoryIdentity;
  /** Only used when the database is made. Default 4096. */
  pageSizeBytes?: number;
  /** Default 4 MiB. */
  cacheBytes?: number;
  /** Int32 counters of commits: [0] ledger.db, [1] state.db. */
  commits?: SharedArrayBuffer | Int32Array;
  /** Past this size of its write-ahead log the writer itself restarts it. Default 32 MiB. */
  walRestartBytes?: number;
  /** How many answers are remembered for repeated requests. Default 10,000. */
  recentRequests?: number;
  verifyBlocks?: number;
  /** Keeps others from opening what is being replaced: see StoreGate. */
  gate?: Int32Array;
  /** How often a damaged database is healed within an hour. Default 3. */
  healsPerHour?: number;
  /** For tests: the disk looks full at this many pages. */
  maxPageCount?: number;
}

/** On every change. */
interface Change {
  /** Id of the client's message: a change that was answered once gets the same answer again, and is not repeated. */
  requestId?: string;
  /** Default: now. */
  at?: Timestamp;
  tenantId?: string | null;
  userId?: string | null;
}

export type StateCommand =
  | (Change & {
      type: 'sessionStart';
      sessionId: string;
      identity: string;
      agentType: string | null;
      /** JSON text. */
      metadata: string | null;
      process?: SessionProcess | null;
    })
  | (Change & { type: 'sessionEnd'; sessionId: string; end?: SessionEnding })
  /** The process that it lives with from now on. */
  | (Change & { type: 'sessionProcess'; sessionId: string; process: SessionProcess })
  | (Change & {
      type: 'monitoredPathAdd';
      path: BytePath;
      recursive: boolean;
      patterns: string[];
      /** Polled, whatever would work. */
      poll?: boolean;
      sessionId?: string | null;
    })
  /** Keeps the row, with active = 0. */
  | (Change & { type: 'monitoredPathRemove'; path: BytePath; sessionId?: string | null })
  | { type: 'listMonitoredPaths'; activeOnly?: boolean }
  /** All that run, and of those that ended the last `endedMax`; the ones that started first come first. */
  | { type: 'listSessions'; endedMax: number };

/** How a session ended. */
export interface SessionEnding {
  by: SessionEndedBy;
  exitCode?: number | null;
  exitSignal?: string | null;
  /** Who ended it, when that was somebody else. */
  who?: string | null;
}

export interface StoredSession {
  sessionId: string;
  startedMs: number;
  /** Null while it runs. */
  endedMs: number | null;
  /** JSON text. */
  metadata: string | null;
  process: SessionProcess | null;
  tenantId: string | null;
  userId: string | null;
}

export interface MonitoredPath {
  path: BytePath;
  recursive: boolean;
  patterns: string[];
  active: boolean;
  poll: boolean;
  createdAt: Timestamp;
}

/** `changed` is false when it was so already: then there is no new revision. */
export interface ChangeResult {
  revision: number;
  changed: boolean;
}

/** The result of each command. */
export interface StateResults {
  sessionStart: ChangeResult;
  sessionEnd: ChangeResult;
  sessionProcess: ChangeResult;
  monitoredPathAdd: ChangeResult;
  monitoredPathRemove: ChangeResult;
  listMonitoredPaths: MonitoredPath[];
  listSessions: StoredSession[];
}

export interface StateHead {
  revision: number;
  blocks: number;
  bytes: number;
  lastCommitMs: number | null;
}

export type ToState =
  | { type: 'request'; id: number; command: StateCommand }
  /** Somebody met damage: it is looked at again, and healed by the next thread. */
  | { type: 'heal'; block?: number; reason: string }
  | { type: 'stop' };

export type FromState =
  /** Without a head while the database is being healed. */
  | { type: 'sys.ready'; head: StateHead | null }
  | HealingNews
  | { type: 'sys.startFailed'; code: ErrorCode; message: string }
  | { type: 'answer'; id: number; ok: true; result: StateResults[keyof StateResults] }
  | { type: 'answer'; id: number; ok: false; error: WireError }
  | { type: 'fatal'; code: ErrorCode; message: string };
