import type { MessageHeaderView, ResourceView } from '../../protocol/debug/actor-views.ts';
import type {
  ActorStats,
  ActorView as Inspected,
  MessageHeader,
  Resource,
} from '../../supervisor/index.ts';
import type { BareStats, WorkerPart } from '../../workers/debug/debug.messages.ts';
import { isoTime, round } from './plain-names.ts';
import { errorView } from './error-view.ts';

export function workerPart(view: Inspected): WorkerPart {
  const { name, lastExit, stats, unread, links, monitoredBy, timers, inFlight, worker } = view;
  return {
    name,
    ...(lastExit?.error && { last_error: errorView(lastExit.error) }),
    stats: statsView(stats),
    unread,
    links,
    monitored_by: monitoredBy,
    recent: view.recent.map(headerView),
    resources: view.resources.map(resourceView),
    timers: timers.map(({ delayMs, dueInMs }) => ({
      delay_ms: round(delayMs),
      due_in_ms: round(dueInMs),
    })),
    ...(view.suspendedUntilMs !== undefined && { suspended_until: isoTime(view.suspendedUntilMs) }),
    ...(inFlight && {
      in_flight: {
        ...(inFlight.type !== undefined && { type: inFlight.type }),
        running_ms: round(inFlight.forMs),
      },
    }),
    ...(worker && {
      worker: 'threadId' in worker ? { thread_id: worker.threadId } : { pid: worker.pid },
    }),
  };
}

export function statsView(stats: ActorStats): BareStats {
  const { path, epoch, dropped, errors, unresponsive, mailbox, restarts } = stats;
  return {
    path,
    epoch,
    messages_in: stats.messagesIn,
    messages_out: stats.messagesOut,
    dropped,
    errors,
    busy_ms: round(stats.busyMs),
    handle_p50_ms: round(stats.handleP50Ms),
    handle_p99_ms: round(stats.handleP99Ms),
    longest_ms: round(stats.longestMs),
    unresponsive,
    mailbox: {
      count: mailbox.count,
      bytes: mailbox.bytes,
      high_water: mailbox.highWater,
      oldest_age_ms: round(mailbox.oldestAgeMs),
    },
    restarts,
    restarts_in_window: stats.restartsInWindow,
  };
}

export function headerView(header: MessageHeader): MessageHeaderView {
  const { type, at, waitMs, handleMs, outcome, epoch } = header;
  const times = { wait_ms: round(waitMs), handle_ms: round(handleMs) };
  return { type, at: isoTime(at), ...times, outcome, epoch };
}

export function resourceView({ name, kind, ageMs, owner }: Resource): ResourceView {
  return { name, kind, age_ms: round(ageMs), owner };
}
