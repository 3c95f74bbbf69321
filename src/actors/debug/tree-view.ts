import type { LoneNodeView, TreeDeltaView, TreeNodeView } from '../../protocol/debug/tree-views.ts';
import type { LoneNode, TreeDelta, TreeNode } from '../../supervisor/index.ts';
import { isoTime } from './plain-names.ts';

export function loneNodeView(node: LoneNode): LoneNodeView {
  const { path, state, note, strategy, restart, isolation, epoch, restarts, uptimeMs } = node;
  const { lastRestartMs, lastExit, nextRetryMs } = node;
  return {
    path,
    state,
    ...(note !== undefined && { note }),
    ...(strategy !== undefined && { strategy }),
    restart,
    isolation,
    epoch,
    restarts,
    ...(lastRestartMs !== undefined && { last_restart_at: isoTime(lastRestartMs) }),
    ...(lastExit && { last_exit: { reason: lastExit.reason, at: isoTime(lastExit.at) } }),
    ...(nextRetryMs !== undefined && { next_retry_at: isoTime(nextRetryMs) }),
    uptime_ms: Math.round(uptimeMs),
  };
}

/** The tree in the names scripts rely on. */
export function treeNodeView(node: TreeNode): TreeNodeView {
  return { ...loneNodeView(node), children: node.children.map(treeNodeView) };
}

export function treeDeltaView(delta: TreeDelta): TreeDeltaView {
  return 'node' in delta ? { ...delta, node: loneNodeView(delta.node) } : delta;
}
