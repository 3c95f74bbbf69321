import type { BodyOf } from '../protocol/messages.ts';
import { lookAtHealth, openGapsOf } from './health.ts';
import type { Shared } from './shared.ts';

/** Is it well? Names every reason why not. */
export function statusBody(shared: Shared): BodyOf<'Status'> {
  const { audit, facts, roots, reports, options, startedAtMs, httpDoor } = shared;
  const nowMs = options.environment.clock.nowMs();
  const uptimeMs = nowMs - startedAtMs;
  const { workers, reasons } = lookAtHealth(shared);
  const ledger = facts.summary();
  return {
    components: workers.map(({ path, state, restarts: count }) => ({
      name: path,
      state,
      restarts: count,
    })),
    uptime: { secs: Math.floor(uptimeMs / 1_000), nanos: (uptimeMs % 1_000) * 1_000_000 },
    version: options.version,
    pid: options.pid,
    state: reasons.length === 0 ? 'healthy' : 'degraded',
    reasons: reasons.map(({ text }) => text),
    started_at: new Date(startedAtMs).toISOString(),
    data_dir: options.dataDir,
    ledger: {
      entries: ledger.entries,
      bytes: ledger.bytes,
      blocks: ledger.blocks,
      entries_per_second: ledger.entriesPerSecond,
      ...(ledger.lastCommitMs !== null && {
        last_commit_at: new Date(ledger.lastCommitMs).toISOString(),
      }),
    },
    watching: {
      roots: roots.all().length,
      files: roots.files,
      gaps: openGapsOf(shared).length,
    },
    clients: { connected: shared.desk.connected },
    restarts: reports.summary(nowMs),
    ...(httpDoor.url !== undefined && { http_url: httpDoor.url }),
    audit: audit.summary(),
    scrub: shared.scrub.summary(),
    spools: shared.spools.summary(),
    ...(shared.tcp && { tcp: { ...shared.tcp } }),
  } as BodyOf<'Status'>;
}
