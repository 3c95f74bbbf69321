import type { LoneNodeView, BusyView } from '../../protocol/debug/tree-views.ts';
import type { ActorView } from '../../protocol/debug/actor-views.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { DebugVerbs } from '../../protocol/debug/verbs.ts';
import type { Asks, WorkerPart } from './debug.messages.ts';
import { busyError, placeOf } from './main-link.ts';
import { descriptorKinds } from './process-files.ts';
import type { VerbContext, Verbs } from './verb-table.ts';

const DEFAULT_ITEMS = 100;

type Fresh = keyof Asks & keyof DebugVerbs;

/** What only the main thread knows. */
async function fromMain<Verb extends Fresh>(
  { main }: VerbContext,
  verb: Verb,
  params: Asks[Verb]['params'] & { path?: string; to?: string },
): Promise<Asks[Verb]['result']> {
  const answered = await main.read(verb, params);
  if (answered.ok) return answered.result;
  throw busyError(params.path ?? params.to ?? 'the daemon', answered.busy);
}

/** Everything pushed so far is known here; the age of it when the main thread is busy. */
async function synced({ main, known }: VerbContext) {
  const answered = await main.read('sync', {});
  if (!answered.ok) return known.staleness(answered.busy);
  known.confirm();
  return {};
}

function knownNode({ known }: VerbContext, path: string) {
  const found = known.tree.node(path);
  if (!found) throw new CodiError('CODI_ACTOR_NOT_FOUND', { path });
  return found;
}

function wholeView(context: VerbContext, path: string, part: WorkerPart | null): ActorView {
  const { node, children } = knownNode(context, path);
  const pid = `${path}#${node.epoch}`;
  if (!part) return { ...node, pid, children };
  return { ...node, pid, ...part, stats: context.known.withState(part.stats) };
}

/** What is known of an actor while nobody can be asked. */
function partView(context: VerbContext, path: string, busy: BusyView): ActorView {
  const { node, children } = knownNode(context, path);
  const { known } = context;
  const stats = known.stats?.actors.find((actor) => actor.path === path);
  const [crash] = known.crashes(1, path);
  return {
    ...node,
    pid: `${path}#${node.epoch}`,
    ...(stats && { stats }),
    ...(crash?.error && { last_error: crash.error }),
    ...(children.length > 0 && { children }),
    ...(busy.path === path && {
      in_flight: {
        ...(busy.message !== undefined && { type: busy.message }),
        running_ms: busy.busy_ms,
      },
    }),
  };
}

function busyCause(busy: BusyView) {
  const where = busy.path === undefined ? 'no actor' : placeOf(busy.path, busy.message);
  const text = `the main thread is busy for ${busy.busy_ms} ms in ${where}; no actor does anything`;
  return { kind: 'mainThreadBusy', text, detail: busy };
}

const isUp = ({ state }: LoneNodeView) =>
  !['stopped', 'parked', 'backing-off', 'restarting', 'starting', 'stopping'].includes(state);

/** Verbs that change nothing. */
export const READ_VERBS = {
  tree: async (_params, context) => {
    const freshness = await synced(context);
    const tree = context.known.tree.tree();
    if (!tree) throw new CodiError('CODI_TRY_AGAIN', { reason: 'the daemon is starting' });
    return { ...tree, ...freshness };
  },

  inspect: async ({ path }, context) => {
    const answered = await context.main.read('inspect', { path });
    if (answered.ok) return wholeView(context, path, answered.result);
    const { busy } = answered;
    return { ...partView(context, path, busy), ...context.known.staleness(busy) };
  },

  peek: ({ path, definition = false }, context) => fromMain(context, 'peek', { path, definition }),

  recent: ({ path }, context) => fromMain(context, 'recent', { path }),

  crashes: async ({ limit = DEFAULT_ITEMS, path, fingerprint }, context) => {
    const freshness = await synced(context);
    return { crashes: context.known.crashes(limit, path, fingerprint), ...freshness };
  },

  reports: async ({ limit = DEFAULT_ITEMS, path }, context) => {
    const freshness = await synced(context);
    return { reports: context.known.reports(limit, path), ...freshness };
  },

  stats: async ({ path }, context) => {
    const { main, known, monotonicMs } = context;
    const answered = await main.read('stats', path === undefined ? {} : { path });
    if (answered.ok) {
      const actors = answered.result.actors.map((stats) => known.withState(stats));
      if (path === undefined) known.stats = { actors, atMs: monotonicMs() };
      return { actors };
    }
    const { busy } = answered;
    const actors = known.stats?.actors.filter((actor) => path === undefined || actor.path === path);
    if (!known.stats || !actors?.length) throw busyError(path ?? 'the daemon', busy);
    return { actors, stale_ms: Math.round(monotonicMs() - known.stats.atMs), busy };
  },

  why: async ({ path }, context) => {
    const answered = await context.main.read('why', { path });
    if (answered.ok) return answered.result;
    const { busy } = answered;
    const { node } = knownNode(context, path);
    return {
      path,
      state: node.state,
      is_running: isUp(node),
      causes: [busyCause(busy)],
      ...(node.last_exit && { last_exit: node.last_exit }),
      backoff_attempt: 0,
      ...context.known.staleness(busy),
    };
  },

  deadletters: ({ limit = DEFAULT_ITEMS, to }, context) =>
    fromMain(context, 'deadletters', { limit, ...(to !== undefined && { to }) }),

  leaks: async ({ path }, context) => {
    const held = await fromMain(context, 'leaks', path === undefined ? {} : { path });
    const descriptors = descriptorKinds();
    return { ...held, ...(descriptors && { descriptors }) };
  },

  unsubscribe: ({ subscription }, _context, session) => ({
    ended: session.unsubscribe(subscription),
  }),
} satisfies Partial<Verbs<keyof DebugVerbs>>;
