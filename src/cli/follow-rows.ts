import type { FollowedRows } from '../client/follow.ts';
import type { MonitorClient } from '../client/monitor-client.ts';
import type { BodyOf } from '../protocol/messages.ts';

/** What to follow, and behind which rows. */
export interface FollowPlan {
  streams: ('logs' | 'events')[];
  logFilter?: BodyOf<'QueryLogs'>['filter'];
  eventFilter?: BodyOf<'QueryEvents'>['filter'];
  from: { logs?: number; events?: number };
}

export interface FollowHandlers {
  onRows(rows: FollowedRows): Promise<void>;
  /** The daemon went away, or came back. */
  onGap?(isBack: boolean): Promise<void>;
}

const WAITING_LIMIT = 20_000;
const COME_BACK_MS = 30_000;

/**
 * Follows rows over restarts of the daemon: continues behind the last row it handed out, so nothing
 * is missed or shown twice. Returns when `signal` is aborted; throws when the daemon stays away or
 * the handler fails.
 */
export async function followRows(
  client: MonitorClient,
  plan: FollowPlan,
  handlers: FollowHandlers,
  signal: AbortSignal,
): Promise<void> {
  const from = { ...plan.from };
  while (!signal.aborted) {
    const error = await followOnce(client, { ...plan, from }, handlers, signal);
    if (signal.aborted || !error) continue;
    if (!error.retryable) throw error;
    await handlers.onGap?.(false);
    const back = client.request('Health', {}, { timeoutMs: COME_BACK_MS });
    await untilAborted(back, signal);
    if (!signal.aborted) await handlers.onGap?.(true);
  }
}

/** Waits, but not beyond the end of the signal. A signal outlives many waits, so nothing is left with it. */
async function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let onAbort = () => {};
  const aborted = new Promise<void>((resolve) => (onAbort = resolve));
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** One subscription; its end without an error means: go on behind what was handed out. */
async function followOnce(
  client: MonitorClient,
  plan: FollowPlan,
  handlers: FollowHandlers,
  signal: AbortSignal,
) {
  let waiting = 0;
  let work = Promise.resolve();
  let failure: { thrown: unknown } | undefined;
  const subscription = client.follow(requestOf(plan), (rows) => {
    if (failure) return;
    waiting += rows.rows.length;
    // A reader slower than the daemon: stop here, and ask for the rest when it is through.
    if (waiting > WAITING_LIMIT) subscription.stop();
    work = work
      .then(() => handlers.onRows(rows))
      .then(() => {
        waiting -= rows.rows.length;
        advance(plan.from, rows);
      })
      .catch((thrown: unknown) => {
        failure ??= { thrown };
        subscription.stop();
      });
  });
  const stop = () => subscription.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const error = await subscription.ended;
  signal.removeEventListener('abort', stop);
  await work;
  if (failure) throw failure.thrown;
  return error;
}

function requestOf(plan: FollowPlan): BodyOf<'Follow'> {
  return {
    streams: plan.streams,
    ...(plan.logFilter && { log_filter: plan.logFilter }),
    ...(plan.eventFilter && { event_filter: plan.eventFilter }),
    from: { ...plan.from },
  };
}

function advance(from: FollowPlan['from'], rows: FollowedRows): void {
  if (rows.stream === 'logs') from.logs = rows.rows.at(-1)?.id ?? from.logs ?? 0;
  else from.events = rows.rows.at(-1)?.seq ?? from.events ?? 0;
}
