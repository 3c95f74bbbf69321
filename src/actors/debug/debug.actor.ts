/**
 * The window into the tree. Its thread holds the debug socket and answers also when the main thread is busy;
 * this actor pushes it snapshots when the tree changes and carries out what a person asks for. It comes first in
 * the tree so that it is still there while everything else stops.
 */
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext, TreeNode } from '../../supervisor/index.ts';
import type { TreeNodeView } from '../../protocol/debug/tree-views.ts';
import type { FromDebug, KillOutcome } from '../../workers/debug/debug.messages.ts';
import { debugMachine } from './debug.machine.ts';

export interface DebugPorts {
  tree(): TreeNode;
  /** Listener is called after changes, at most once per turn; returns the removal. */
  onTreeChange(listener: () => void): () => void;
  /** Whether the path names an actor that may be killed, without doing it. */
  probe(path: string): KillOutcome;
  kill(path: string): void;
}

/** Snapshots are pushed at most this often; a request always gets a fresh one. */
const PUSH_INTERVAL_MS = 250;

export function debugSpec(entry: URL, data: unknown, ports: DebugPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'debug',
    backoff: { minMs: 50, maxMs: 10_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
    shutdown: 1_000,
    isolation: { kind: 'thread', entry, data },
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, ports: DebugPorts) {
  const host = cell.host!;
  let isPushDue = false;
  const push = () => {
    isPushDue = false;
    host.post({ type: 'tree', tree: viewOf(ports.tree()) });
  };
  const onChange = cell.scope.wrap(() => {
    if (isPushDue) return;
    isPushDue = true;
    cell.scope.after(PUSH_INTERVAL_MS, push);
  });
  cell.scope.defer('tree changes', ports.onTreeChange(onChange));

  const onMessage = (message: FromDebug) => {
    if (message.type === 'askTree')
      host.post({ type: 'tree', tree: viewOf(ports.tree()), askId: message.askId });
    else if (message.type === 'askKill') {
      const outcome = ports.probe(message.path);
      host.post({ type: 'killed', askId: message.askId, outcome });
      // The answer leaves first: the victim may be the way it takes.
      if (outcome.ok) cell.scope.after(5, () => ports.kill(outcome.path));
    }
  };
  host.onMessage(cell.scope.wrap((message) => onMessage(message as FromDebug)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'threadStopped' })));
  push();

  return behaviour({
    machine: debugMachine,
    effects: { 'effect.stopThread': () => host.post({ type: 'stop' }) },
  });
}

/** The tree in the names scripts rely on. */
export function viewOf(node: TreeNode): TreeNodeView {
  const { path, state, note, strategy, restart, isolation, epoch, restarts, uptimeMs } = node;
  return {
    path,
    state,
    ...(note !== undefined && { note }),
    ...(strategy !== undefined && { strategy }),
    restart,
    isolation,
    epoch,
    restarts,
    ...(node.lastRestartMs !== undefined && {
      last_restart_at: new Date(node.lastRestartMs).toISOString(),
    }),
    ...(node.lastExit && {
      last_exit: { reason: node.lastExit.reason, at: new Date(node.lastExit.at).toISOString() },
    }),
    uptime_ms: Math.round(uptimeMs),
    children: node.children.map(viewOf),
  };
}
