import { randomUUID } from 'node:crypto';
import { spoolsSpec } from '../actors/serving/spools.actor.ts';
import { httpSpec } from '../actors/serving/http.actor.ts';
import { Lobby } from '../actors/serving/lobby.ts';
import type { ServingPorts } from '../actors/serving/ports.ts';
import { SendRoom } from '../actors/serving/send-room.ts';
import type { RootsMessage } from '../actors/watching/roots.actor.ts';
import { listenHttp } from '../platform/http-server.ts';
import { spoolFolder } from '../platform/spool-folder.ts';
import { spoolDirOf } from '../protocol/places.ts';
import type { MessagePorts } from '../protocol/messages.ts';
import { PreparedAnswer } from '../protocol/prepared-answer.ts';
import { timestampFromMs } from '../protocol/timestamp.ts';
import type { ChildSpec, SupervisorSpec } from '../supervisor/index.ts';
import { doorSpecs } from './doors.ts';
import { httpPages } from './http-pages.ts';
import { auditPort, monitoringPort, queryPort } from './serving-ports.ts';
import { BRANCH, type Shared } from './shared.ts';
import { storePort } from './store-port.ts';
import { freshValue } from './fresh-value.ts';
import { statusBody } from './status.ts';

/**
 * Looking at every actor is most of the work of a status: a hundred who ask at once see the same one, and so does who asks
 * again and again while nothing is committed and no actor changes.
 */
const STATUS_AGES = { leastMs: 5, mostMs: 100 };
const FOLLOWS_MAX = 16;
/** How many unanswered messages a client should keep on the way. */
const WINDOW_COUNT = 8_192;

/** Connections that are being turned out while others come in. */
const LEAVING_MAX = 256;

/** Clients: one actor each, and the doors they come through; and a window for machines. */
export function servingBranch(shared: Shared): SupervisorSpec {
  const { limits, http } = shared.options.config;
  const ports = servingPorts(shared);
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
        maxChildren: limits.connectionLimitCount + LEAVING_MAX,
      },
      // Before the door opens, so that a client finds as little as possible of its own still waiting.
      spoolReader(shared, ports),
      ...doorSpecs(shared, ports),
      ...(http.isEnabled ? [httpServer(shared)] : []),
    ],
  };
}

/** What clients left while there was no daemon. */
function spoolReader(shared: Shared, ports: ServingPorts): ChildSpec {
  const { config, dataDir, uid, telemetry } = shared.options;
  const { spool, limits } = config;
  const { ingest, sessions, identity, newId, now } = ports;
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
  const wire = { newId: randomUUID, now: () => timestampFromMs(clock.nowMs()) };
  return {
    ingest: shared.buffer,
    query: queryPort(reader, shared.roots),
    audit: auditPort(shared.notary, reader),
    sessions: shared.sessionDesk,
    store: storePort(shared),
    monitoring: monitoringPort(
      () => shared.system.ref<RootsMessage>('watching/roots'),
      shared.roots,
      shared.gaps,
      clock,
    ),
    exports: shared.exports,
    tokens: shared.tokens,
    lobby: new Lobby({
      connections: config.limits.connectionLimitCount,
      connectionsPerUser: config.limits.userConnectionLimitCount,
    }),
    sendRoom: new SendRoom(config.limits.sendLimitBytes),
    recordAct: (act) => shared.acts.record(act),
    feed: facts,
    producerSequence: (producerId) => reader.run('producerSequence', { producerId }),
    status: preparedStatus(shared, wire),
    register: shared.desk.register,
    telemetry,
    limits: {
      frameLimitBytes: config.limits.frameLimitBytes,
      sendLimitBytes: config.limits.connectionSendLimitBytes,
      window: WINDOW_COUNT,
      messagesPerSecond: config.limits.messagesPerSecond,
      bytesPerSecond: config.limits.bytesPerSecond,
      followsMax: FOLLOWS_MAX,
      firstFrameTimeoutMs: config.limits.handshakeTimeoutMs,
      frameTimeoutMs: config.limits.frameTimeoutMs,
    },
    identity: {
      sessionId: config.general.sessionId ?? null,
      tenantId: config.general.tenantId ?? null,
      userId: config.general.userId ?? null,
    },
    server: `codi ${options.version}`,
    ...wire,
    monotonicMs: () => clock.monotonicMs(),
  };
}

function preparedStatus(shared: Shared, wire: MessagePorts): ServingPorts['status'] {
  const { facts, options } = shared;
  const status = freshValue(
    STATUS_AGES,
    options.environment.clock.monotonicMs,
    () => new PreparedAnswer({ kind: 'Status', body: statusBody(shared) }, wire),
  );
  facts.subscribe(status.outdate);
  let isFollowing = false;
  return () => {
    // Only now: the system is made after the specs.
    if (!isFollowing) shared.system.onTreeChange(status.outdate);
    isFollowing = true;
    return status.get();
  };
}
