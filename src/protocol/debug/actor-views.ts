import type { CrashErrorView } from './report-views.ts';
import type { Freshness, LoneNodeView } from './tree-views.ts';

export interface MailboxView {
  count: number;
  bytes: number;
  high_water: number;
  oldest_age_ms: number;
}

/** Counters of one worker over all its incarnations. */
export interface ActorStatsView {
  path: string;
  epoch: number;
  state: string;
  messages_in: number;
  messages_out: number;
  dropped: number;
  errors: number;
  busy_ms: number;
  /** Upper bounds of histogram buckets that double. */
  handle_p50_ms: number;
  handle_p99_ms: number;
  longest_ms: number;
  unresponsive: number;
  mailbox: MailboxView;
  restarts: number;
  restarts_in_window: number;
  /** Of its thread, where it has one and says. */
  heap_bytes?: number;
}

/** Header of a handled message: never its payload. */
export interface MessageHeaderView {
  type: string;
  at: string;
  wait_ms: number;
  handle_ms: number;
  outcome: 'handled' | 'crashed';
  epoch: number;
}

/** Something an incarnation holds: a cleanup, timer, thread or process. */
export interface ResourceView {
  name: string;
  kind: string;
  age_ms: number;
  /** path#epoch */
  owner: string;
}

/**
 * All about one actor (`codi inspect`). A supervisor has the first part and `children` alone; so has an actor while
 * the main thread is busy, with the numbers that were known last.
 */
export interface ActorView extends LoneNodeView {
  /** path#epoch */
  pid: string;
  name?: string;
  /** Of the end of the incarnation before. */
  last_error?: CrashErrorView;
  stats?: ActorStatsView;
  /** Messages that wait, and the types of the first of them. */
  unread?: { count: number; types: string[] };
  links?: string[];
  monitored_by?: number;
  recent?: MessageHeaderView[];
  resources?: ResourceView[];
  /** Soonest first. */
  timers?: { delay_ms: number; due_in_ms: number }[];
  /** Paths, in the order of their start. */
  children?: string[];
  suspended_until?: string;
  /** The message it is in right now. */
  in_flight?: { type?: string; running_ms: number };
  /** The thread or process behind it. */
  worker?: { thread_id?: number; pid?: number; heap_bytes?: number; utilization?: number };
}

/** The live machine of an actor (`codi peek`): its context as far as it may be shown, bounded. */
export interface MachineView {
  path: string;
  epoch: number;
  /** As one word, and as XState has it. */
  state: string;
  value: unknown;
  tags: string[];
  status: string;
  context: unknown;
  next_events: string[];
  /** Names of all states, in the order of the machine. */
  states: string[];
  /** XState's definition; only when asked for. */
  definition?: unknown;
}

export interface TraceEventView {
  /** Counts the events of this trace; a gap is what the quota of a second left out. */
  seq: number;
  at: string;
  path: string;
  epoch: number;
  type: string;
  kind: 'handled' | 'sent';
  wait_ms?: number;
  handle_ms?: number;
  outcome?: string;
  state?: string;
  to?: string;
  result?: string;
}

/** What actors say they hold, and what the process really holds (`codi leaks`). */
export interface LeaksView {
  resources: ResourceView[];
  /** process.getActiveResourcesInfo() by type. */
  handles: Record<string, number>;
  /** Open descriptors of the process by kind, where /proc tells. */
  descriptors?: Record<string, number>;
  /** Owners that are no present incarnation, and what could not be stopped. */
  orphans: ResourceView[];
  unstopped: { path: string; reason: string; at: string }[];
}

/** One frame of `codi top`; counters are totals, so that a reader makes its own windows. */
export interface TopFrameView extends Freshness {
  at: string;
  /** Monotonic, for rates. */
  at_ms: number;
  process: {
    rss_bytes: number;
    heap_used_bytes: number;
    heap_limit_bytes: number;
    cpu_ms: number;
    event_loop_p50_ms: number;
    event_loop_p99_ms: number;
    /** 0 to 1, since the last frame. */
    event_loop_utilization: number;
    /** Where /proc tells. */
    threads?: number;
    uptime_ms: number;
  };
  service: {
    state: string;
    entries: number;
    entries_per_second: number;
    wal_bytes?: number;
    clients: number;
    files: number;
  };
  actors: ActorStatsView[];
  /** Actors beyond the limit of a frame. */
  omitted: number;
}
