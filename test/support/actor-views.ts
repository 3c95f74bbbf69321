import type { ActorStatsView, ActorView, TopFrameView } from '#codi/protocol/debug/actor-views.js';

/** Counters of an actor that has done nothing, and what is given. */
export function actorStats(path: string, extra: Partial<ActorStatsView> = {}): ActorStatsView {
  return {
    path,
    epoch: 1,
    state: 'running',
    messages_in: 0,
    messages_out: 0,
    dropped: 0,
    errors: 0,
    busy_ms: 0,
    handle_p50_ms: 0.25,
    handle_p99_ms: 4,
    longest_ms: 6,
    unresponsive: 0,
    mailbox: { count: 0, bytes: 0, high_water: 3, oldest_age_ms: 0 },
    restarts: 0,
    restarts_in_window: 0,
    ...extra,
  };
}

/** A whole answer of `inspect`. */
export function actorView(path: string, extra: Partial<ActorView> = {}): ActorView {
  return {
    path,
    pid: `${path}#1`,
    name: path,
    state: 'running',
    restart: 'permanent',
    isolation: 'inline',
    epoch: 1,
    restarts: 0,
    uptime_ms: 5_000,
    stats: actorStats(path),
    links: [],
    monitored_by: 0,
    recent: [],
    resources: [],
    ...extra,
  };
}

/** One frame of `top`, `atMs` after the daemon's start. */
export function topFrame(
  atMs: number,
  actors: ActorStatsView[],
  extra: Partial<TopFrameView> = {},
): TopFrameView {
  return {
    at: new Date(Date.UTC(2026, 2, 10, 14) + atMs).toISOString(),
    at_ms: atMs,
    process: {
      rss_bytes: 132_000_000,
      heap_used_bytes: 41_000_000,
      heap_limit_bytes: 4_345_000_000,
      cpu_ms: atMs / 10,
      event_loop_p50_ms: 0.12,
      event_loop_p99_ms: 4.2,
      event_loop_utilization: 0.03,
      threads: 19,
      uptime_ms: atMs,
    },
    service: {
      state: 'healthy',
      entries: 12_448,
      entries_per_second: 1_204,
      wal_bytes: 3_200_000,
      clients: 14,
      files: 1_204,
    },
    actors,
    omitted: 0,
    ...extra,
  };
}
