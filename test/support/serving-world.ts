import { CodiError } from '#codi/protocol/errors.js';
import { connectionSpec } from '#codi/actors/serving/connection.actor.js';
import { OWNER, type Door, type Peer } from '#codi/actors/serving/door.js';
import { Lobby } from '#codi/actors/serving/lobby.js';
import { SendRoom } from '#codi/actors/serving/send-room.js';
import type { Scope } from '#codi/protocol/scopes.js';
import type {
  CommittedFeed,
  Page,
  Row,
  ServingPorts,
  StorePort,
  TokenPort,
} from '#codi/actors/serving/ports.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { PreparedAnswer } from '#codi/protocol/prepared-answer.js';
import type { SupervisorSpec } from '#codi/supervisor/index.js';
import type { ConnectionAnswers } from '#codi/workers/storage/ledger.messages.js';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from './actor-world.ts';
import { FakeIngest } from './fake-ingest.ts';
import { countingId, FakeSocket } from './fake-socket.ts';
import { virtualEnvironment } from './virtual-environment.ts';

/** Rows that were committed, and who wants to hear of more. */
export class FakeFeed implements CommittedFeed {
  readonly #listeners = new Set<() => void>();
  logs = 0;
  events = 0;

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  head() {
    return { logs: this.logs, events: this.events };
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  commit(logs: number, events = 0): void {
    this.logs += logs;
    this.events += events;
    for (const listener of this.#listeners) listener();
  }
}

/** Tokens that are valid because the test says so. */
export class FakeTokens implements TokenPort {
  readonly valid = new Map<string, { id: string; name: string; scopes: Scope[] }>();
  readonly #watches = new Map<string, Set<(error: CodiError) => void>>();

  check: TokenPort['check'] = (text) => {
    const token = this.valid.get(text);
    return token
      ? { ok: true, token }
      : { ok: false, error: new CodiError('CODI_TOKEN_INVALID', { reason: 'it is not known' }) };
  };

  watch: TokenPort['watch'] = (id, onEnd) => {
    const watchers = this.#watches.get(id) ?? new Set();
    this.#watches.set(id, watchers.add(onEnd));
    return () => void watchers.delete(onEnd);
  };

  create: TokenPort['create'] = async ({ name }) => ({
    token: 'secret',
    id: 'id',
    name,
    scopes: [],
    created_at: '2026-01-01T00:00:00Z',
  });
  list: TokenPort['list'] = async () => [];
  revoke: TokenPort['revoke'] = async () => ({ ids: [], closed: 0 });

  watchers(id: string): number {
    return this.#watches.get(id)?.size ?? 0;
  }

  end(id: string): void {
    const error = new CodiError('CODI_TOKEN_INVALID', { reason: 'it was revoked' });
    for (const onEnd of this.#watches.get(id) ?? []) onEnd(error);
  }
}

/** An empty store. */
const STORE: StorePort = {
  stats: async () => ({
    databases: [],
    streams: [],
    blocks: 0,
    archive: { segments: 0, entries: 0, bytes: 0 },
  }),
  compact: async () => ({
    dry_run: false,
    segments: 0,
    entries: 0,
    bytes: 0,
    file_bytes: 0,
    rows_removed: 0,
    files_removed: 0,
    reasons: [],
    duration_ms: 0,
  }),
  backUp: async (directory) => ({
    directory,
    created: '2026-01-01T00:00:00Z',
    ledger: { blocks: 0, bytes: 0, sha256: '' },
    state: { blocks: 0, bytes: 0, sha256: '' },
    segments: 0,
    segment_bytes: 0,
  }),
};

export const UNIX: Door = { name: 'unix', grant: OWNER, takesHello: true };

const CONNECTIONS: SupervisorSpec = { type: 'supervisor', id: 'connections', strategy: 'dynamic' };

/** Connections of real actors with ports in the test's hands. */
export class ServingWorld {
  readonly actors: ActorWorld;
  readonly feed = new FakeFeed();
  readonly ingest = new FakeIngest();
  readonly log: TelemetryLog = rememberTelemetry();
  readonly deliverers = new Map<number, (answers: ConnectionAnswers) => void>();
  readonly ports: ServingPorts;
  readonly lobby = new Lobby({ connections: 1_000, connectionsPerUser: 1_000 });
  readonly acts: { kind: string; subject: string; actor: string; data?: object }[] = [];
  readonly tokens = new FakeTokens();
  #connections = 0;

  constructor(overrides: Partial<ServingPorts> = {}) {
    const environment = virtualEnvironment();
    this.actors = new ActorWorld(environment);
    const { clock } = environment;
    const empty = async (): Promise<Page<Row>> => ({ rows: [] });
    const wire = { newId: countingId, now: () => ({ seconds: 1_700_000_000, nanos: 0 }) };
    const body = { components: [], uptime: { secs: 1, nanos: 0 } };
    this.ports = {
      ingest: this.ingest,
      query: {
        logs: empty,
        events: empty,
        files: empty,
        sessions: empty,
        acts: empty,
        exports: empty,
        gaps: empty,
        duplicates: async () => ({ rows: [], withChecksum: 0, withoutChecksum: 0 }),
        history: async () => ({ rows: [], root: '/r', otherRoots: [], head: 0, downTo: 0 }),
      },
      audit: {
        head: async () => ({ databases: [], keys: [], alarms: [] }),
        prove: async () => Promise.reject(new CodiError('CODI_NOT_FOUND', { what: 'entry' })),
        verify: async () => ({
          checked: 0,
          blocks: 0,
          entries: 0,
          segments: 0,
          leaf_only: 0,
          findings: [],
          lost: 0,
          losses: [],
        }),
      },
      exports: {
        capture: async () => Promise.reject(new CodiError('CODI_EXPORT_VANISHED')),
      },
      store: STORE,
      sessions: {
        start: async () => undefined,
        end: async () => undefined,
        heartbeat: async () => undefined,
        bind: () => undefined,
      },
      monitoring: {
        add: async () => undefined,
        remove: async () => undefined,
        watches: () => [],
        sync: async () => ({ roots: 1 }),
      },
      tokens: this.tokens,
      lobby: this.lobby,
      sendRoom: new SendRoom(1_000_000),
      recordAct: (act) => void this.acts.push(act),
      feed: this.feed,
      producerSequence: async () => 0,
      status: () => new PreparedAnswer({ kind: 'Status', body }, wire),
      register: (connection, deliver) => {
        this.deliverers.set(connection, deliver);
        return () => void this.deliverers.delete(connection);
      },
      telemetry: this.log.telemetry,
      limits: {
        frameLimitBytes: 100_000,
        sendLimitBytes: 4_000,
        window: 16,
        messagesPerSecond: 0,
        bytesPerSecond: 0,
        followsMax: 2,
        firstFrameTimeoutMs: 2_000,
        frameTimeoutMs: 30_000,
      },
      identity: { sessionId: null, tenantId: null, userId: null },
      server: 'codi test',
      ...wire,
      monotonicMs: () => clock.monotonicMs(),
      ...overrides,
    };
  }

  static async start(overrides: Partial<ServingPorts> = {}): Promise<ServingWorld> {
    const world = new ServingWorld(overrides);
    await world.actors.start({ children: [CONNECTIONS] });
    return world;
  }

  settle(): Promise<void> {
    return this.actors.settle();
  }

  /** A client whose actor runs. */
  async connect(hello?: object, door: Door = UNIX, peer?: Peer): Promise<FakeSocket> {
    const socket = new FakeSocket(this.actors.environment.clock, peer);
    this.lobby.enter(socket, door.grant === undefined);
    const spec = connectionSpec(++this.#connections, socket, this.ports, door);
    await this.actors.during(this.actors.system.startChild('connections', spec));
    if (hello) await this.request(socket, 'Hello', { version: 1, ...hello });
    return socket;
  }

  /** Sends one message and lets everything that follows happen. */
  async request(socket: FakeSocket, kind: string, body: object): Promise<string> {
    const id = socket.send(kind, body);
    await this.settle();
    return id;
  }

  /** The ledger answers so many frames of a connection. */
  async answer(connection: number, count: number, closedBy: ConnectionAnswers['closedBy'] = null) {
    this.deliverers.get(connection)?.({ connection, bytes: Buffer.alloc(0), count, closedBy });
    await this.settle();
  }

  get clients(): number {
    return this.actors.node('connections')!.children.length;
  }
}

/** A promise with its two ends outside. */
export function pending<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((give, refuse) => {
    resolve = give;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

export const ANYWHERE = bytePathFromUtf8('/desk');
