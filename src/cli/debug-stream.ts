import type { DebugClient } from '../client/debug-client.ts';
import type { SubscriptionOutcome } from '../client/debug-subscription.ts';
import type { DebugSubscriptions } from '../protocol/debug/verbs.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { Invocation } from './invocation.ts';

type Verb = keyof DebugSubscriptions;
type EventOf<V extends Verb> = DebugSubscriptions[V]['event'];

export interface DebugStream<V extends Verb> {
  verb: V;
  params: DebugSubscriptions[V]['params'];
  onEvent(event: EventOf<V>): Promise<void>;
  /** Before the subscription, on its connection. */
  onConnected?(debug: DebugClient): Promise<void>;
}

const PATIENCE_MS = 30_000;
const RETRY_MS = 200;

/**
 * One subscription, until it ends or `signal` is aborted.
 * @throws CodiError when it cannot be had, or the connection is lost
 */
export function streamDebug<V extends Verb>(
  invocation: Invocation,
  { verb, params, onEvent, onConnected }: DebugStream<V>,
  signal: AbortSignal,
): Promise<SubscriptionOutcome> {
  return invocation.withDebug(async (debug) => {
    await onConnected?.(debug);
    const subscription = await debug.subscribe(verb, params);
    const close = () => subscription.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      if (signal.aborted) close();
      for await (const event of subscription) await onEvent(event);
      return subscription.outcome ?? { reason: 'unsubscribed', dropped: 0 };
    } finally {
      signal.removeEventListener('abort', close);
    }
  });
}

/** What a stream that goes on hears beside its events. */
export interface GapHandlers {
  /** The daemon went away, or is back and the stream begins anew. */
  onGap(isBack: boolean): Promise<void>;
  /** How long it waits for a daemon that went away; half a minute without. */
  patienceMs?: number;
}

/**
 * A subscription over restarts of the daemon, until `signal` is aborted: each time it begins anew, with `begin`'s
 * parameters.
 * @throws CodiError when the daemon stays away, or refuses
 */
export async function followDebug<V extends Verb>(
  invocation: Invocation,
  begin: () => DebugStream<V>,
  handlers: GapHandlers,
  signal: AbortSignal,
): Promise<void> {
  let lostAtMs: number | undefined;
  let hasBegun = false;
  while (!signal.aborted) {
    const stream = begin();
    const onEvent = async (event: EventOf<V>) => {
      hasBegun = true;
      if (lostAtMs !== undefined) await handlers.onGap(true);
      lostAtMs = undefined;
      await stream.onEvent(event);
    };
    const error = await streamDebug(invocation, { ...stream, onEvent }, signal).then(
      ({ reason }) => (reason === 'slow' ? undefined : new CodiError('CODI_SHUTTING_DOWN')),
      asRetryable,
    );
    if (signal.aborted) return;
    if (!error) continue;
    if (!hasBegun) throw error;
    if (lostAtMs === undefined) await handlers.onGap(false);
    lostAtMs ??= invocation.io.nowMs();
    if (invocation.io.nowMs() - lostAtMs > (handlers.patienceMs ?? PATIENCE_MS)) throw error;
    await pause(RETRY_MS, signal);
  }
}

function asRetryable(error: unknown): CodiError {
  if (isCodiError(error) && error.retryable) return error;
  throw error;
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener('abort', end);
  });
}
