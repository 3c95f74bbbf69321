import { showBytePath } from '../protocol/byte-path.ts';
import type { BodyOf } from '../protocol/messages.ts';
import type { TreeNode } from '../supervisor/index.ts';
import type { Shared } from './shared.ts';

/** States of a supervised child in which it does not do its work. */
const AWAY = new Set(['starting', 'restarting', 'backing-off', 'parked', 'stopped', 'refusing']);

/** Is it well? Names every reason why not. */
export function statusBody(shared: Shared): BodyOf<'Status'> {
  const { facts, roots, reports, options, startedAtMs } = shared;
  const nowMs = options.environment.clock.nowMs();
  const uptimeMs = nowMs - startedAtMs;
  const workers = workersOf(shared.system.tree());
  const away = workers.filter((worker) => AWAY.has(worker.state));
  const reasons = away.map((worker) => `${worker.path} is ${worker.state.replace('-', ' ')}`);
  if (!roots.isSettled) reasons.push('the first scan is not finished');
  for (const root of roots.all())
    if (root.state === 'failed' || root.state === 'gone')
      reasons.push(`${showBytePath(root.path).path}: ${root.reason ?? 'cannot be watched'}`);
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
    reasons,
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
    watching: { roots: roots.all().length, files: roots.files },
    clients: { connected: shared.desk.connected },
    restarts: reports.summary(nowMs),
  } as BodyOf<'Status'>;
}

function workersOf(node: TreeNode): TreeNode[] {
  if (node.type === 'worker') return [node];
  return node.children.flatMap(workersOf);
}
