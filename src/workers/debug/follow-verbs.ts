import { CodiError } from '../../protocol/errors.ts';
import type { DebugSubscriptions } from '../../protocol/debug/verbs.ts';
import type { Asks, StatelyParams } from './debug.messages.ts';
import { busyError } from './main-link.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';
import { startTop } from './top.ts';
import type { VerbContext, Verbs } from './verb-table.ts';

const FRAME_INTERVAL_MS = 1_000;
const FRAME_ACTORS = 200;

/** Verbs that go on: each answers with a subscription. */
export const SUBSCRIPTION_VERBS = {
  watch_tree: async (_params, { main, known, watchers }, session) => {
    await main.read('sync', {});
    if (!known.tree.tree())
      throw new CodiError('CODI_TRY_AGAIN', { reason: 'the daemon is starting' });
    // Changes of state come by themselves; what else actors say of themselves, when asked for.
    const ask = () => void main.read('sync', {}).catch(() => {});
    const timer = setInterval(ask, FRAME_INTERVAL_MS);
    return watchers.watchTree(session, () => clearInterval(timer));
  },

  watch_reports: async ({ limit = 0, path }, { main, watchers }, session) => {
    await main.read('sync', {});
    return watchers.watchReports(session, limit, path);
  },

  top: ({ interval_ms: intervalMs = FRAME_INTERVAL_MS, limit = FRAME_ACTORS }, context, session) =>
    startTop(context, session, { intervalMs, limit }),

  trace: (params, context, session) =>
    startStream('trace', params, context, session, (events, subscription) =>
      subscription.offer({ events }, events.length),
    ),

  stately: (params, context, session) =>
    startStream('stately', params, context, session, (events, subscription) => {
      for (const event of events) subscription.offer(event);
    }),
} satisfies Verbs<keyof DebugSubscriptions>;

async function startStream<Verb extends 'trace' | 'stately'>(
  verb: Verb,
  params: Omit<Asks[Verb]['params'], 'stream'>,
  { data, main, streams }: VerbContext,
  session: Session,
  deliver: (events: unknown[], subscription: Subscription) => void,
): Promise<Subscription> {
  checkBounds(verb, params, data.limits);
  const stream = streams.newId();
  const subscription = session.subscribe(() => streams.close(stream));
  streams.open(stream, { subscription, deliver });
  try {
    const answered = await main.act(verb, { ...params, stream } as Asks[Verb]['params']);
    if (!answered.ok) throw busyError(params.pattern, answered.busy);
  } catch (error) {
    subscription.end('failed');
    throw error;
  }
  return subscription;
}

function checkBounds(
  verb: string,
  { limit, for_ms: forMs }: StatelyParams,
  { traceEvents, traceMs }: VerbContext['data']['limits'],
): void {
  const tooMuch =
    limit > traceEvents
      ? `limit: at most ${traceEvents}`
      : forMs > traceMs
        ? `for_ms: at most ${traceMs}`
        : undefined;
  if (tooMuch === undefined) return;
  throw new CodiError(
    'CODI_MESSAGE_INVALID',
    { reason: `${verb}: ${tooMuch}` },
    { hint: 'ask for less, or raise debug.trace_events or debug.trace_time' },
  );
}
