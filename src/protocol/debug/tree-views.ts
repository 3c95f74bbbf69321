/**
 * What the debug socket shows, in the names scripts rely on. Times are RFC 3339 in UTC, durations milliseconds,
 * sizes bytes. Fields are only added.
 */

export interface LastExitView {
  reason: string;
  at: string;
}

/** An actor or supervisor without what is below it. */
export interface LoneNodeView {
  path: string;
  state: string;
  note?: string;
  strategy?: string;
  restart: string;
  /** `inline`, `thread 3`, `pid 4711`. */
  isolation: string;
  epoch: number;
  restarts: number;
  last_restart_at?: string;
  last_exit?: LastExitView;
  /** When it waits for its next attempt. */
  next_retry_at?: string;
  uptime_ms: number;
}

/** A node of the supervision tree (`codi tree --json`). */
export interface TreeNodeView extends LoneNodeView {
  children: TreeNodeView[];
}

/** A numbered change of the tree; a gap in the numbers cannot happen within one subscription. */
export type TreeDeltaView = { seq: number } & (
  | { kind: 'added'; parent: string; node: LoneNodeView }
  | { kind: 'changed'; path: string; node: LoneNodeView }
  | { kind: 'removed'; path: string }
  | { kind: 'ordered'; path: string; children: string[] }
);

/** What the main thread was in when it did not answer in time. */
export interface BusyView {
  /** Absent when it is in no actor's turn: a garbage collection, say, or code outside the tree. */
  path?: string;
  epoch?: number;
  /** Type of the message in hand; absent for a timer, callback or effect. */
  message?: string;
  busy_ms: number;
}

/** Where an answer comes from. Without `stale_ms` it is of this moment. */
export interface Freshness {
  /** Age of what is shown, because the main thread did not answer in time. */
  stale_ms?: number;
  busy?: BusyView;
}
