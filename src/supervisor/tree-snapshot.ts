import type { Slot } from './slot.ts';
import type { TreeNode } from './tree-node.ts';

/** What every node shows, whatever its type. */
export function treeNodeOf(slot: Slot): TreeNode {
  const node: TreeNode = {
    path: slot.path,
    id: slot.id,
    type: slot.spec.type,
    state: slot.phase,
    restart: slot.rules.restart,
    isolation: 'inline',
    epoch: slot.epoch,
    restarts: slot.restarts,
    uptimeMs: slot.uptimeMs,
    mailbox: { count: 0, bytes: 0, highWater: 0, dropped: 0 },
    children: [],
  };
  if (slot.lastRestartMs !== undefined) node.lastRestartMs = slot.lastRestartMs;
  if (slot.lastExit) node.lastExit = slot.lastExit;
  const dueAtMs = slot.attempt?.dueAtMs;
  if (dueAtMs !== undefined && !slot.isUp) node.nextRetryMs = dueAtMs;
  return node;
}
