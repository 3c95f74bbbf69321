import { debugSpec } from '../actors/debug/debug.actor.ts';
import type { ChildSpec, TreeNode } from '../supervisor/index.ts';
import type { DebugThreadData, KillOutcome } from '../workers/debug/debug.messages.ts';
import { entryOf, type Shared } from './shared.ts';

const LIMITS = { clientsMax: 64, lineLimitBytes: 8 * 1024 * 1024, answerTimeoutMs: 150 };

/** The window into the tree: first to start, last to stop. */
export function debugBranch(shared: Shared): ChildSpec {
  const { debugSocketPath, config, version, pid } = shared.options;
  const data = {
    socketPath: debugSocketPath,
    server: version,
    pid,
    canWrite: config.debug.mayWrite ?? false,
    limits: LIMITS,
  } satisfies DebugThreadData;
  return debugSpec(entryOf('debug/debug.worker.js'), data, {
    tree: () => shared.system.tree(),
    onTreeChange: (listener) => shared.system.onTreeChange(listener),
    probe: (path) => probe(shared.system.tree(), path),
    kill: (path) => {
      shared.acts.record({ kind: 'debug.kill', subject: path, actor: 'debug socket' });
      shared.system.kill(path, 'operator');
    },
  });
}

function probe(tree: TreeNode, path: string): KillOutcome {
  if (path === tree.path) return { ok: false, error: 'root' };
  const node = find(tree, path);
  return node ? { ok: true, path, epoch: node.epoch } : { ok: false, error: 'noproc' };
}

function find(node: TreeNode, path: string): TreeNode | undefined {
  if (node.path === path) return node;
  for (const child of node.children) {
    const found = find(child, path);
    if (found) return found;
  }
  return undefined;
}
