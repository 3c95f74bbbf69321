import type {
  ActorStatsView,
  ActorView,
  LeaksView,
  MachineView,
  MessageHeaderView,
  TopFrameView,
  TraceEventView,
} from './actor-views.ts';
import type { CrashView, DeadLettersView, ReportView, WhyView } from './report-views.ts';
import type { Freshness, TreeDeltaView, TreeNodeView } from './tree-views.ts';

/**
 * The verbs. `read` ones always exist; `write` ones only where the daemon was started with the grant
 * (`debug.write`), and each use of them is an administrative act in the ledger.
 */
export interface DebugVerbs {
  hello: {
    params: object;
    result: { version: string; pid: number; write: boolean; verbs: string[] };
  };
  tree: { params: object; result: TreeNodeView & Freshness };
  inspect: { params: { path: string }; result: ActorView & Freshness };
  peek: { params: { path: string; definition?: boolean }; result: MachineView };
  recent: {
    params: { path: string };
    result: { path: string; headers: MessageHeaderView[] } & Freshness;
  };
  crashes: {
    params: { limit?: number; path?: string; fingerprint?: string };
    result: { crashes: CrashView[] } & Freshness;
  };
  reports: {
    params: { limit?: number; path?: string };
    result: { reports: ReportView[] } & Freshness;
  };
  stats: { params: { path?: string }; result: { actors: ActorStatsView[] } & Freshness };
  why: { params: { path: string }; result: WhyView & Freshness };
  deadletters: {
    params: { limit?: number; to?: string };
    result: DeadLettersView & Freshness;
  };
  leaks: { params: { path?: string }; result: LeaksView };
  unsubscribe: { params: { subscription: number }; result: { ended: boolean } };

  kill: { params: EndParams; result: EndView };
  restart: { params: EndParams; result: EndView };
  stop: { params: EndParams; result: EndView };
  suspend: {
    params: { path: string; ttl_ms?: number; reason?: string };
    result: { path: string; epoch: number; until: string };
  };
  resume: {
    params: { path: string; reason?: string };
    result: { path: string; was_suspended: boolean };
  };
  replay: {
    params: { ids?: number[]; to?: string; limit?: number; reason?: string };
    result: { queued: number; failed: number; exhausted: number };
  };
}

/** `counted`: it counts against the restart budget, as a crash would. */
export interface EndParams {
  path: string;
  reason?: string;
  counted?: boolean;
}

/** Answer of kill, restart and stop. */
export interface EndView {
  path: string;
  epoch: number;
}

/**
 * Verbs that go on: the answer is `{subscription}`, then come lines `{subscription, event}` in order and one
 * `{subscription, end, dropped}`.
 */
export interface DebugSubscriptions {
  /** A snapshot, then every change. */
  watch_tree: {
    params: object;
    event:
      | { kind: 'snapshot'; seq: number; root: TreeNodeView }
      | { kind: 'deltas'; deltas: TreeDeltaView[] };
  };
  /** Reports as they happen, after the last `limit` ones. */
  watch_reports: { params: { limit?: number; path?: string }; event: ReportView };
  /** Frames every `interval_ms` (at least 1,000). */
  top: { params: { interval_ms?: number; limit?: number }; event: TopFrameView };
  /** Messages of actors whose path matches; limit and time are mandatory. */
  trace: {
    params: {
      pattern: string;
      limit: number;
      for_ms: number;
      direction?: 'handled' | 'sent';
      /** `*` stands for anything. */
      type?: string;
    };
    event: { events: TraceEventView[] };
  };
  /** The three messages of the Stately inspector protocol, one per event. */
  stately: {
    params: { pattern: string; limit: number; for_ms: number };
    event: StatelyMessage;
  };
}

export type StatelyMessage = { _version: string; createdAt: string; sessionId: string } & (
  | {
      type: '@xstate.actor';
      name: string;
      parentId?: string;
      rootId: string;
      definition?: string;
      snapshot: unknown;
    }
  | { type: '@xstate.event'; rootId: string; sourceId?: string; event: unknown }
  | { type: '@xstate.snapshot'; rootId: string; event: unknown; snapshot: unknown }
);

/** Why a subscription ended. `slow`: the client did not read. */
export type SubscriptionEnd = 'limit' | 'expired' | 'unsubscribed' | 'slow' | 'stopping' | 'failed';
