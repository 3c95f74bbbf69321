import type { BytePath } from '../../protocol/byte-path.ts';
import type { CodiError } from '../../protocol/errors.ts';
import type { BodyOf } from '../../protocol/messages.ts';
import type { PreparedAnswer } from '../../protocol/prepared-answer.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { Scope } from '../../protocol/scopes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type {
  ConnectionAnswers,
  ConnectionContext,
} from '../../workers/storage/ledger.messages.ts';
import type { Peer } from './door.ts';
import type { Lobby } from './lobby.ts';
import type { SendRoom } from './send-room.ts';

/** A stream socket of one client. Listeners are set once, by the connection's actor. */
export interface ClientSocket {
  /** Queues bytes; false when more is waiting than the kernel takes now. */
  write(bytes: Uint8Array): boolean;
  readonly queuedBytes: number;
  readonly peer: Peer;
  listen(listener: {
    onData(chunk: Buffer): void;
    /** The peer sent its last byte. */
    onEnd(): void;
    onDrain(): void;
    onClose(): void;
  }): void;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  destroy(): void;
}

/** The way into the ledger. */
export interface IngestPort {
  offerFrame(context: ConnectionContext, body: Buffer): boolean;
  /** Why a frame was not taken. */
  refusal(): CodiError;
  readonly isPressing: boolean;
  whenDrained(listener: () => void): void;
  /** More of this connection waits than helps. */
  isCrowdedBy(connection: number): boolean;
  /** Calls once, as soon as much of it is taken. */
  whenTakenFrom(connection: number, listener: () => void): void;
}

/** One page of rows and where the next one begins. */
export interface Page<Row> {
  rows: Row[];
  next?: string | undefined;
  totalCount?: number | undefined;
  /** What `totalCount` is; absent when it counts this page. */
  totalIs?: 'exact' | 'at_least' | 'estimate' | undefined;
  /** The highest number in the stream when the page was read. */
  head?: number | undefined;
  /** With `after_id` or `after_seq`: everything up to here was looked at. */
  through?: number | undefined;
  /** With `after_seq`: rows up to here, beyond it, are gone, or in the archive that was not asked for. */
  prunedThrough?: number | undefined;
  /** Archive segments in what the page covers, which were not asked for. */
  archived?: number | undefined;
  /** Archive segments that cannot be read: what they hold is missing. */
  damaged?: readonly { file: string; reason: string }[] | undefined;
}
export type Row = Record<string, unknown>;

/** Files of the index that a page has looked at. */
export interface ContentCounts {
  withChecksum: number;
  withoutChecksum: number;
}

/** What a page of a path's history is about. */
export interface HistoryPlace {
  /** The watched path it was recorded under. */
  root: string;
  /** Others that hold the path, too. */
  otherRoots: readonly string[];
  head: number;
  /** Everything above this number was looked at. */
  downTo: number;
}

export interface QueryPort {
  logs(body: BodyOf<'QueryLogs'>): Promise<Page<Row>>;
  events(body: BodyOf<'QueryEvents'>): Promise<Page<Row>>;
  files(body: BodyOf<'ListFiles'>): Promise<Page<Row>>;
  sessions(body: BodyOf<'ListSessions'>): Promise<Page<Row>>;
  acts(body: BodyOf<'QueryActs'>): Promise<Page<Row>>;
  exports(body: BodyOf<'QueryExports'>): Promise<Page<Row>>;
  gaps(body: BodyOf<'QueryGaps'>): Promise<Page<Row>>;
  duplicates(body: BodyOf<'ListDuplicates'>): Promise<Page<Row> & ContentCounts>;
  history(body: BodyOf<'QueryHistory'>): Promise<Page<Row> & HistoryPlace>;
}

/** What is signed, and whether what is stored is what was signed. */
export interface AuditPort {
  head(): Promise<BodyOf<'AuditHeads'>>;
  prove(body: BodyOf<'AuditProve'>): Promise<BodyOf<'AuditProof'>>;
  verify(body: BodyOf<'AuditVerify'>): Promise<BodyOf<'AuditFindings'>>;
}

/** Care for the store. `by` is who asked, for the ledger. */
export interface StorePort {
  stats(): Promise<Row>;
  compact(isDryRun: boolean): Promise<Row>;
  backUp(directory: string, by: string): Promise<Row>;
}

/** Who may come in over TCP. */
export interface TokenPort {
  /** `address` is where it came from. */
  check(
    text: string,
    address: string,
  ):
    | { ok: true; token: { id: string; name: string; scopes: readonly Scope[] } }
    | { ok: false; error: CodiError };
  /** Says once when a token that was accepted has expired or was revoked; returns the end of the watch. */
  watch(id: string, onEnd: (error: CodiError) => void): () => void;
  create(body: BodyOf<'CreateToken'>, by: string): Promise<Row>;
  list(): Promise<Row[]>;
  /** `closed` is how many connections it ended. */
  revoke(body: BodyOf<'RevokeToken'>, by: string): Promise<{ ids: string[]; closed: number }>;
}

/** How a session ends, and who says so when that is somebody else. */
export interface SessionEndRequest {
  sessionId: string;
  end: { by: 'client' | 'run'; exitCode: number | null; exitSignal: string | null };
  who?: string;
}

export interface SessionPort {
  /** `requestId` makes a repeated request harmless; `at` is when it happened, now when absent. */
  start(
    body: BodyOf<'SessionStart'>,
    context: Pick<ConnectionContext, 'tenantId' | 'userId'>,
    requestId: string,
    at?: Timestamp,
  ): Promise<void>;
  end(request: SessionEndRequest, requestId: string, at?: Timestamp): Promise<void>;
  /** A sign of life. Throws CODI_SESSION_UNKNOWN or CODI_SESSION_ENDED. */
  heartbeat(body: BodyOf<'SessionHeartbeat'>, requestId: string): Promise<void>;
  /** A connection speaks for a session from now on, or for none any more. */
  bind(connection: number, sessionId: string | null): void;
}

/** Captures a file now. */
export interface ExportPort {
  capture(path: BytePath): Promise<{ row: Row; isNew: boolean }>;
}

export interface MonitoringPort {
  add(request: {
    path: BytePath;
    recursive: boolean;
    patterns: string[];
    isPolled: boolean;
  }): Promise<void>;
  remove(path: BytePath): Promise<void>;
  watches(): Row[];
  sync(paths: BytePath[], timeoutMs: number): Promise<{ roots: number }>;
}

/** What was committed, as it happens. The returned function ends the subscription. */
export interface CommittedFeed {
  subscribe(listener: () => void): () => void;
  /** Highest committed log id and file event sequence. */
  head(): { logs: number; events: number };
}

export interface ServingLimits {
  frameLimitBytes: number;
  sendLimitBytes: number;
  window: number;
  /** Messages of one connection; beyond it the connection is read more slowly. 0 sets no rate. */
  messagesPerSecond: number;
  /** Bytes of one connection, the same way. */
  bytesPerSecond: number;
  followsMax: number;
  /** Time the first frame may take to arrive in full, once it has begun. */
  firstFrameTimeoutMs: number;
  /** The same for later ones. */
  frameTimeoutMs: number;
}

export interface ServingPorts {
  ingest: IngestPort;
  query: QueryPort;
  audit: AuditPort;
  sessions: SessionPort;
  store: StorePort;
  monitoring: MonitoringPort;
  exports: ExportPort;
  tokens: TokenPort;
  lobby: Lobby;
  sendRoom: SendRoom;
  /** Something administrative was done, by somebody. */
  recordAct(act: {
    kind: string;
    subject: string;
    actor: string;
    owner: { tenantId: string | null; userId: string | null };
    data?: object;
  }): void;
  feed: CommittedFeed;
  /** Highest committed sequence of a producer, 0 when unknown. */
  producerSequence(producerId: string): Promise<number>;
  /** Is it well? Without the id of a request. */
  status(): PreparedAnswer;
  /** Registers where the ledger's answers for this connection go; returns the removal. */
  register(connection: number, deliver: (answers: ConnectionAnswers) => void): () => void;
  telemetry: Telemetry;
  limits: ServingLimits;
  /** Given to every record that names none itself. */
  identity: { sessionId: string | null; tenantId: string | null; userId: string | null };
  server: string;
  newId(): string;
  monotonicMs(): number;
  now(): Timestamp;
}
