import type { Restart } from './child-spec.ts';
import { errorOf, UNREAD_TYPES_LIMIT, type PlainError } from './crash-report.ts';
import type { MessageHeader } from './flight-recorder.ts';
import { readInFlight } from './in-flight.ts';
import { resourcesOf, RESOURCES_LIMIT, statsOf, type ActorStats } from './inspection.ts';
import { messageType } from './message-type.ts';
import type { PendingTimer, Resource } from './scope.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** Timers listed of one actor, soonest first. */
export const TIMERS_LIMIT = 100;

/** All about one actor but its machine. `…At` and `…SinceMs` are wall time, Unix milliseconds. */
export interface ActorView {
  path: string;
  pid: string;
  name: string;
  /** The word the tree shows. */
  state: string;
  restartType: Restart;
  /** 'inline', 'thread 3', 'pid 4711'. */
  isolation: string;
  /** Of the present incarnation; 0 while it is down. */
  uptimeMs: number;
  lastExit: { reason: string; at: number; error: PlainError | undefined } | undefined;
  /** When it waits for one: the next attempt to start it. */
  nextRetryAt: number | undefined;
  /** What it is doing just now; seen from inside of its own turn, or read by another thread from the marker. */
  inFlight: { type: string | undefined; sinceMs: number; forMs: number } | undefined;
  /** The last time it kept its thread too long. */
  lastBlock: { at: number; tookMs: number; message: string } | undefined;
  /** Messages that wait, and the types of the first of them. */
  unread: { count: number; types: string[] };
  timers: PendingTimer[];
  /** The thread or process behind it. */
  worker: WorkerView | undefined;
  stats: ActorStats;
  links: string[];
  monitoredBy: number;
  recent: MessageHeader[];
  resources: Resource[];
  suspendedUntilMs: number | undefined;
}

/** heap and elu (busy share of its event loop, 0..1) as its last heartbeat said. */
export type WorkerView = ({ threadId: number } | { pid: number }) & {
  heapUsedBytes?: number;
  elu?: number;
  /** Since its last sign of life. */
  silentMs: number;
};

export function actorView(slot: WorkerSlot): ActorView {
  const { path, epoch, log, relations, runtime, mailbox, lastExit, lastReason, cell } = slot;
  const { state, isolation, uptimeMs, nextRetryMs } = slot.toTreeNode();
  return {
    path,
    pid: `${path}#${epoch}`,
    name: slot.name,
    state,
    restartType: slot.rules.restart,
    isolation,
    uptimeMs,
    lastExit: lastExit && { ...lastExit, error: lastReason && errorOf(lastReason) },
    nextRetryAt: nextRetryMs,
    inFlight: inFlightOf(slot),
    lastBlock: log.lastBlock,
    unread: {
      count: mailbox.count,
      types: mailbox.peek(UNREAD_TYPES_LIMIT).map((message) => messageType(message)),
    },
    timers: cell?.scope.timers(TIMERS_LIMIT) ?? [],
    worker: workerOf(slot),
    stats: statsOf(slot),
    links: relations.linkedPaths,
    monitoredBy: relations.monitorCount,
    recent: log.hasRecords ? log.recorder.read(runtime.environment.clock) : [],
    resources: resourcesOf(slot, RESOURCES_LIMIT),
    suspendedUntilMs: slot.suspension.untilMs,
  };
}

function inFlightOf(slot: WorkerSlot): ActorView['inFlight'] {
  const { marker, environment } = slot.runtime;
  const found = readInFlight(marker.buffer);
  if (!found || found.path !== slot.path || found.epoch !== slot.epoch) return undefined;
  const { type, sinceMs } = found;
  return { type, sinceMs, forMs: Math.max(0, environment.clock.nowMs() - sinceMs) };
}

function workerOf(slot: WorkerSlot): WorkerView | undefined {
  const host = slot.cell?.host;
  if (host?.id === undefined) return undefined;
  const { heapUsedBytes, elu } = host.pulse;
  return {
    ...(host.kind === 'thread' ? { threadId: host.id } : { pid: host.id }),
    ...(heapUsedBytes === undefined ? {} : { heapUsedBytes }),
    ...(elu === undefined ? {} : { elu }),
    silentMs: host.pulse.silentMs(slot.runtime.environment.clock.monotonicMs()),
  };
}
