import { randomUUID } from 'node:crypto';
import { acceptorSpec } from '../actors/serving/acceptor.actor.ts';
import { connectionSpec } from '../actors/serving/connection.actor.ts';
import type { ClientSocket, ServingPorts } from '../actors/serving/ports.ts';
import { spoolsSpec } from '../actors/serving/spools.actor.ts';
import { httpSpec } from '../actors/serving/http.actor.ts';
import type { RootsMessage } from '../actors/watching/roots.actor.ts';
import { listenHttp } from '../platform/http-server.ts';
import { spoolFolder } from '../platform/spool-folder.ts';
import { listenUnix } from '../platform/unix-socket.ts';
import type { Message } from '../protocol/messages.ts';
import { spoolDirOf } from '../protocol/places.ts';
import { timestampFromMs } from '../protocol/timestamp.ts';
import type { ChildSpec, SupervisorSpec } from '../supervisor/index.ts';
import { httpPages } from './http-pages.ts';
import { auditPort, monitoringPort, queryPort, sessionPort } from './serving-ports.ts';
import { BRANCH, type Shared } from './shared.ts';
import { storePort } from './store-port.ts';
import { statusBody } from './status.ts';

const FOLLOWS_MAX = 16;
const FRAME_TIMEOUT_MS = 30_000;
/** How many unanswered messages a client should keep on the way. */
const WINDOW_COUNT = 8_192;

/** Clients: one actor each, and the door they come through; and a window for machines. */
export function servingBranch(shared: Shared): SupervisorSpec {
  const { limits, http } = shared.options.config;
  return {
    type: 'supervisor',
    id: 'serving',
    strategy: 'one_for_one',
    ...BRANCH,
    children: [
      {
        type: 'supervisor',
        id: 'connections',
        strategy: 'dynamic',
        ...BRANCH,
        maxChildren: limits.connectionLimitCount,
      },
      // Before the door opens, so that a client finds as little as possible of its own still waiting.
      spoolReader(shared),
      unixAcceptor(shared),
      ...(http.isEnabled ? [httpServer(shared)] : []),
    ],
  };
}

function unixAcceptor(shared: Shared): ChildSpec {
  const { config, socketPath, telemetry } = shared.options;
  const ports = servingPorts(shared);
  let nextConnection = 1;
  return acceptorSpec('unix', {
    listen: (onSocket, onError) => listenUnix(socketPath, onSocket, onError),
    startConnection: async (socket: ClientSocket) => {
      const spec = connectionSpec(nextConnection++, socket, ports);
      const started = await shared.system.startChild('serving/connections', spec);
      return started.ok;
    },
    telemetry,
    limitCount: config.limits.connectionLimitCount,
    newMessage: (body) =>
      ({
        id: ports.newId(),
        timestamp: ports.now(),
        payload: { kind: 'Error', body },
      }) as Message,
  });
}

/** What clients left while there was no daemon. */
function spoolReader(shared: Shared): ChildSpec {
  const { config, dataDir, uid, telemetry } = shared.options;
  const { spool, limits } = config;
  const { ingest, sessions, identity, newId, now } = servingPorts(shared);
  return spoolsSpec({
    folder: spoolFolder({ directory: spoolDirOf(dataDir), uid, ...spool }),
    ingest,
    sessions,
    identity,
    newId,
    now,
    desk: shared.spools,
    register: shared.desk.register,
    telemetry,
    limits: {
      scanIntervalMs: spool.scanIntervalMs,
      writers: spool.writerCount,
      lines: spool.lineCount,
      ingestBytes: limits.ingestLimitBytes,
    },
  });
}

function httpServer(shared: Shared): ChildSpec {
  const { config, telemetry } = shared.options;
  const { http } = config;
  return httpSpec({
    listen: (port, handlers) => listenHttp({ ...http, port }, handlers),
    door: shared.httpDoor,
    port: http.port,
    allowedHosts: http.allowedHosts,
    pages: httpPages(shared),
    telemetry,
  });
}

function servingPorts(shared: Shared): ServingPorts {
  const { options, facts, reader } = shared;
  const { config, telemetry, environment } = options;
  const { clock } = environment;
  return {
    ingest: shared.buffer,
    query: queryPort(reader, shared.roots),
    audit: auditPort(shared.notary, reader),
    sessions: sessionPort(shared.book),
    store: storePort(shared),
    monitoring: monitoringPort(
      () => shared.system.ref<RootsMessage>('watching/roots'),
      shared.roots,
      clock,
    ),
    feed: facts,
    producerSequence: (producerId) => reader.run('producerSequence', { producerId }),
    status: async () => statusBody(shared),
    register: shared.desk.register,
    telemetry,
    limits: {
      frameLimitBytes: config.limits.frameLimitBytes,
      sendLimitBytes: config.limits.connectionSendLimitBytes,
      window: WINDOW_COUNT,
      messagesPerSecond: config.limits.messagesPerSecond,
      followsMax: FOLLOWS_MAX,
      firstFrameTimeoutMs: config.limits.handshakeTimeoutMs,
      frameTimeoutMs: FRAME_TIMEOUT_MS,
    },
    identity: {
      sessionId: config.general.sessionId ?? null,
      tenantId: config.general.tenantId ?? null,
      userId: config.general.userId ?? null,
    },
    server: `codi ${options.version}`,
    newId: randomUUID,
    monotonicMs: () => clock.monotonicMs(),
    now: () => timestampFromMs(clock.nowMs()),
  };
}
