import { bytePathFromBuffer, bytePathFromUtf8, showBytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { WireFormat } from '../../protocol/frame.ts';
import { isRequestKind } from '../../protocol/kinds.ts';
import type { BodyOf, Message, Payload } from '../../protocol/messages.ts';
import type { ConnectionContext } from '../../workers/storage/ledger.messages.ts';
import { ORIGINAL_REQUESTS } from './door.ts';
import type { ServingPorts } from './ports.ts';
import { sessionEnd } from './session-end.ts';

/** The connection a request came by, as far as answering needs it. */
export interface RequestPeer {
  /** Replaced as a whole: entries under way keep the one they were sent under. */
  context: ConnectionContext;
  /** It has said Hello, and this is what it said. */
  greet(context: ConnectionContext): void;
  /** For the ledger, when something administrative is done. */
  readonly who: string;
  /** It is on this machine. */
  readonly isLocal: boolean;
  readonly follows: {
    start(id: string, body: BodyOf<'Follow'>): void;
    stop(id: string): boolean;
  };
}

/** An answer that is made of bytes already. */
export interface EncodedAnswer {
  encode(format: WireFormat): Buffer;
}
/** Undefined where the handler answers by itself. */
export type Answer = Payload | EncodedAnswer | undefined;
type Handler<Kind extends Payload['kind']> = (
  body: BodyOf<Kind>,
  message: Message,
  connection: RequestPeer,
  ports: ServingPorts,
) => Promise<Answer> | Answer;

const PROTOCOL_VERSION = 1;

/** For the ledger: who did it, and for whom. */
function doneBy({ who, context: { tenantId, userId } }: RequestPeer) {
  return { actor: who, owner: { tenantId, userId } };
}

/** What a client may ask for; entries take the short way to the ledger and never come here. */
const HANDLERS: { [Kind in Payload['kind']]?: Handler<Kind> } = {
  Hello: hello,
  Health: (_body, message, _connection, ports) => {
    const status = ports.status();
    return { encode: (format) => status.encode(message.id, format) };
  },
  QueryLogs: async (body, message, _connection, ports) => {
    const page = await ports.query.logs(body);
    return answer('LogResults', message, {
      entries: page.rows,
      total_count: page.totalCount ?? page.rows.length,
      next: page.next,
      total_is: page.totalIs,
      head: page.head,
      archived: page.archived,
      damaged: page.damaged,
    });
  },
  QueryEvents: async (body, message, _connection, ports) => {
    const page = await ports.query.events(body);
    const { rows, next, head, archived, damaged, prunedThrough } = page;
    const notes = { head, archived, damaged, pruned_through: prunedThrough };
    return answer('EventResults', message, { events: rows, next, ...notes });
  },
  ListFiles: async (body, message, _connection, ports) => {
    const page = await ports.query.files(body);
    return answer('FileResults', message, { files: page.rows, next: page.next });
  },
  ListSessions: async (body, message, _connection, ports) => {
    const page = await ports.query.sessions(body);
    return answer('SessionResults', message, { sessions: page.rows, next: page.next });
  },
  QueryActs: async (body, message, _connection, ports) => {
    const page = await ports.query.acts(body);
    return answer('ActResults', message, { acts: page.rows, next: page.next });
  },
  QueryExports: async (body, message, _connection, ports) => {
    const page = await ports.query.exports(body);
    return answer('ExportResults', message, { exports: page.rows, next: page.next });
  },
  CaptureExport: async (body, message, connection, ports) => {
    const bytes = body.path_b64 == null ? undefined : Buffer.from(body.path_b64, 'base64');
    const path = bytes ? bytePathFromBuffer(bytes) : bytePathFromUtf8(body.path);
    const { row, isNew } = await ports.exports.capture(path);
    ports.recordAct({
      kind: 'export.capture',
      subject: showBytePath(path).path,
      ...doneBy(connection),
    });
    return answer('ExportCaptured', message, { export: row, is_new: isNew });
  },
  QueryGaps: async (body, message, _connection, ports) => {
    const page = await ports.query.gaps(body);
    return answer('GapResults', message, { gaps: page.rows, next: page.next });
  },
  ListDuplicates: async (body, message, _connection, ports) => {
    const { rows, next, withChecksum, withoutChecksum } = await ports.query.duplicates(body);
    const counts = { with_checksum: withChecksum, without_checksum: withoutChecksum };
    return answer('DuplicateResults', message, { groups: rows, next, ...counts });
  },
  QueryHistory: async (body, message, _connection, ports) => {
    const page = await ports.query.history(body);
    return answer('HistoryResults', message, {
      events: page.rows,
      next: page.next,
      root: page.root,
      head: page.head,
      down_to: page.downTo,
      archived: page.archived,
      damaged: page.damaged,
      pruned_through: page.prunedThrough,
      other_roots: page.otherRoots,
    });
  },
  AuditHead: async (_body, message, _connection, ports) =>
    answer('AuditHeads', message, await ports.audit.head()),
  AuditProve: async (body, message, _connection, ports) =>
    answer('AuditProof', message, await ports.audit.prove(body)),
  AuditVerify: async (body, message, _connection, ports) =>
    answer('AuditFindings', message, await ports.audit.verify(body)),
  StoreStats: async (_body, message, _connection, ports) =>
    answer('StoreStatus', message, await ports.store.stats()),
  CompactStore: async (body, message, connection, ports) => {
    const isDryRun = body.dry_run === true;
    const report = await ports.store.compact(isDryRun);
    if (!isDryRun)
      ports.recordAct({ kind: 'store.compact', subject: 'ledger.db', ...doneBy(connection) });
    return answer('StoreCompacted', message, report);
  },
  BackUpStore: async (body, message, connection, ports) =>
    answer('StoreBackedUp', message, await ports.store.backUp(body.directory, connection.who)),
  CreateToken: async (body, message, connection, ports) =>
    answer('TokenCreated', message, await ports.tokens.create(body, connection.who)),
  ListTokens: async (_body, message, _connection, ports) =>
    answer('TokenResults', message, { tokens: await ports.tokens.list() }),
  RevokeToken: async (body, message, connection, ports) =>
    answer('TokensRevoked', message, await ports.tokens.revoke(body, connection.who)),
  ListWatches: (_body, message, _connection, ports) =>
    answer('WatchResults', message, { watches: ports.monitoring.watches() }),
  SessionStart: async (body, message, connection, ports) => {
    // What this connection sends from now on belongs to the session, also while its row is being written.
    const before = connection.context;
    const { session_id: sessionId } = body;
    speakFor(connection, { sessionId, sessionBy: 'connection' }, ports);
    try {
      await ports.sessions.start(withLocalProcess(body, connection), before, message.id);
    } catch (error) {
      if (connection.context.sessionId === sessionId) speakFor(connection, before, ports);
      throw error;
    }
    return accepted(message);
  },
  SessionEnd: async (body, message, connection, ports) => {
    const { session_id: sessionId } = body;
    const isOwn = connection.context.sessionId === sessionId;
    const { who } = connection;
    await ports.sessions.end({ ...sessionEnd(body), ...(!isOwn && { who }) }, message.id);
    if (!isOwn) ports.recordAct({ kind: 'session.end', subject: sessionId, ...doneBy(connection) });
    if (connection.context.sessionId === sessionId)
      speakFor(connection, { sessionId: ports.identity.sessionId, sessionBy: null }, ports);
    return accepted(message);
  },
  SessionHeartbeat: async (body, message, connection, ports) => {
    await ports.sessions.heartbeat(withLocalProcess(body, connection), message.id);
    return accepted(message);
  },
  StartMonitoring: async (body, message, connection, ports) => {
    const { recursive, patterns, poll } = body;
    const path = bytePathFromUtf8(body.path);
    const isPolled = poll === true;
    await ports.monitoring.add({ path, recursive, patterns, isPolled });
    const data = { recursive, patterns, ...(isPolled && { poll: true }) };
    ports.recordAct({
      kind: 'watch.add',
      subject: showBytePath(path).path,
      ...doneBy(connection),
      data,
    });
    return accepted(message);
  },
  StopMonitoring: async (body, message, connection, ports) => {
    const path = bytePathFromUtf8(body.path);
    await ports.monitoring.remove(path);
    ports.recordAct({
      kind: 'watch.remove',
      subject: showBytePath(path).path,
      ...doneBy(connection),
    });
    return accepted(message);
  },
  Sync: async (body, message, _connection, ports) => {
    const paths = (body.paths ?? []).map(bytePathFromUtf8);
    const startedAtMs = ports.monotonicMs();
    const before = ports.feed.head().events;
    const { roots } = await ports.monitoring.sync(paths, body.timeout_ms ?? 60_000);
    return answer('Synced', message, {
      roots,
      events: ports.feed.head().events - before,
      duration_ms: Math.round(ports.monotonicMs() - startedAtMs),
    });
  },
  Follow: (body, message, connection) => {
    connection.follows.start(message.id, body);
    return undefined;
  },
  Unfollow: (body, message, connection) => {
    if (!connection.follows.stop(body.request_id))
      throw new CodiError('CODI_NOT_FOUND', { what: `follow ${body.request_id}` });
    return accepted(message);
  },
};

/** Answers one request, at once where nobody else has to be asked; the client is told of a CodiError. */
export function handleRequest(
  connection: RequestPeer,
  message: Message,
  ports: ServingPorts,
): Promise<Answer> | Answer {
  const { kind, body } = message.payload;
  const handler = HANDLERS[kind] as Handler<typeof kind> | undefined;
  if (!handler) throw new CodiError('CODI_MESSAGE_UNKNOWN', { kind });
  // Without Hello a peer is taken for one of the original protocol, which has no words for the answer.
  if (!connection.context.hasHello && !isForAll(kind))
    throw new CodiError('CODI_MESSAGE_UNEXPECTED', { kind, reason: 'send Hello first' });
  return handler(body as never, message, connection, ports);
}

function isForAll(kind: Payload['kind']): boolean {
  return kind === 'Hello' || (isRequestKind(kind) && ORIGINAL_REQUESTS.has(kind));
}

async function hello(
  body: BodyOf<'Hello'>,
  message: Message,
  connection: RequestPeer,
  ports: ServingPorts,
): Promise<Answer> {
  if (body.version !== PROTOCOL_VERSION)
    throw new CodiError('CODI_VERSION', { version: body.version, supported: PROTOCOL_VERSION });
  const { context } = connection;
  connection.greet({
    ...context,
    hasHello: true,
    producerId: body.producer_id ?? null,
    tenantId: body.tenant_id ?? context.tenantId,
    userId: body.user_id ?? context.userId,
  });
  if (body.session_id != null)
    speakFor(connection, { sessionId: body.session_id, sessionBy: 'connection' }, ports);
  // Who has nothing in the ledger need not wait for it: it may be away, and he may ask for nothing but why.
  const isKnown = body.producer_id != null && body.new_producer !== true;
  const sequence = isKnown ? await ports.producerSequence(body.producer_id!) : 0;
  return answer('Welcome', message, {
    version: PROTOCOL_VERSION,
    server: ports.server,
    producer_sequence: sequence,
    limits: { frame_bytes: ports.limits.frameLimitBytes, window: ports.limits.window },
  });
}

type Spoken = Pick<ConnectionContext, 'sessionId' | 'sessionBy'>;

/** What this connection sends belongs to another session from now on. */
function speakFor(
  connection: RequestPeer,
  { sessionId, sessionBy }: Spoken,
  { sessions }: ServingPorts,
): void {
  connection.context = { ...connection.context, sessionId, sessionBy };
  sessions.bind(connection.context.connection, sessionBy === null ? null : sessionId);
}

/** The number of a process says nothing on another machine. */
function withLocalProcess<Body extends { process?: unknown }>(
  body: Body,
  { isLocal }: RequestPeer,
): Body {
  return isLocal ? body : { ...body, process: null };
}

function accepted(message: Message): Payload {
  return { kind: 'Acknowledgment', body: { request_id: message.id, status: 'Accepted' } };
}

function answer(kind: Payload['kind'], message: Message, body: Record<string, unknown>): Payload {
  // The other way round V8 takes ten times as long.
  return { kind, body: { request_id: message.id, ...body } } as unknown as Payload;
}
