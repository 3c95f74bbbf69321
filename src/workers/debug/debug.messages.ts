/**
 * Between the debug thread and its actor on the main thread. The thread asks; the actor answers, and pushes what
 * changes by itself, one push at a time: the next comes when the thread has taken the one before.
 */
import type {
  ActorStatsView,
  ActorView,
  TopFrameView,
  TraceEventView,
} from '../../protocol/debug/actor-views.ts';
import type { DebugVerbs, StatelyMessage, SubscriptionEnd } from '../../protocol/debug/verbs.ts';
import type { CrashView, ReportView } from '../../protocol/debug/report-views.ts';
import type { LoneNodeView, TreeDeltaView, TreeNodeView } from '../../protocol/debug/tree-views.ts';
import type { WireError } from '../../protocol/errors.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';

export interface DebugThreadData {
  socketPath: string;
  server: string;
  pid: number;
  canWrite: boolean;
  /** What the main thread is in: see src/supervisor/in-flight.ts. */
  inFlight: SharedArrayBuffer;
  limits: DebugLimits;
}

export interface DebugLimits {
  connections: number;
  requestBytes: number;
  /** Requests of one client without an answer, and requests it may send each second. */
  requestsWaiting: number;
  requestsPerSecond: number;
  sendBytes: number;
  subscriptions: number;
  slowAfterMs: number;
  traceEvents: number;
  traceMs: number;
  /** For an answer of the main thread. */
  answerTimeoutMs: number;
}

/** Verbs that only the main thread can carry out, and what it answers. */
type MainVerb = Exclude<
  keyof DebugVerbs,
  'hello' | 'unsubscribe' | 'tree' | 'crashes' | 'reports' | 'leaks' | 'inspect' | 'stats'
>;

/** The state of an actor is in the tree already, which is pushed before each answer. */
export type BareStats = Omit<ActorStatsView, 'state'>;
export type BareFrame = Omit<TopFrameView, 'actors'> & { actors: BareStats[] };
/** What the tree does not tell of an actor. */
export type WorkerPart = Omit<ActorView, keyof LoneNodeView | 'pid' | 'children' | 'stats'> & {
  stats: BareStats;
};

export type Asks = { [Verb in MainVerb]: Pick<DebugVerbs[Verb], 'params' | 'result'> } & {
  /** Everything that waits to be pushed is pushed before the answer. */
  sync: { params: object; result: null };
  /** Null for a supervisor, and when there is no such actor. */
  inspect: { params: { path: string }; result: WorkerPart | null };
  stats: { params: { path?: string }; result: { actors: BareStats[] } };
  leaks: { params: { path?: string }; result: Omit<DebugVerbs['leaks']['result'], 'descriptors'> };
  frame: { params: { limit: number }; result: BareFrame };
  /** Batches come until `streamEnd`; the name is the thread's. */
  trace: { params: TraceParams & { stream: number }; result: null };
  stately: { params: StatelyParams & { stream: number }; result: null };
};

export interface StatelyParams {
  pattern: string;
  limit: number;
  for_ms: number;
}

export interface TraceParams extends StatelyParams {
  direction?: 'handled' | 'sent' | undefined;
  type?: string | undefined;
}

export type Ask<Verb extends keyof Asks = keyof Asks> = {
  [Name in Verb]: { verb: Name; params: Asks[Name]['params'] };
}[Verb];

/** What changed since the push before. */
export interface Push {
  tree?: { seq: number; root: TreeNodeView };
  deltas?: TreeDeltaView[];
  /** Oldest first. */
  reports?: ReportView[];
  crashes?: CrashView[];
}

export type ToDebug =
  | { type: 'push'; push: Push }
  /** `isFollowed`: by a deed that waits for `passedOn`. The deed may end the way that the answer takes. */
  | { type: 'answer'; askId: number; result: unknown; isFollowed?: true }
  | { type: 'refusal'; askId: number; error: WireError }
  /** It came too late to be of use and was not carried out. */
  | { type: 'expired'; askId: number }
  | { type: 'batch'; stream: number; events: TraceEventView[] | StatelyMessage[] }
  | { type: 'streamEnd'; stream: number; reason: SubscriptionEnd; dropped: number }
  | { type: 'stop' };

export type FromDebug =
  | { type: 'sys.ready' }
  | { type: 'sys.startFailed'; code: string; message: string }
  /** After `expiresAtMs` (wall clock) nobody waits for it any more. */
  /** `peer`: who wants it, of what has an effect, where that can be told. */
  | { type: 'ask'; askId: number; ask: Ask; expiresAtMs: number; peer?: PeerUser }
  /** The answer has left for the client. */
  | { type: 'passedOn'; askId: number }
  | { type: 'pushed' }
  | { type: 'batchTaken'; stream: number }
  | { type: 'stopStream'; stream: number };
