/** Between the debug thread and its actor on the main thread. */
import type { TreeNodeView } from '../../protocol/debug/tree-views.ts';

export interface DebugThreadData {
  socketPath: string;
  server: string;
  pid: number;
  canWrite: boolean;
  limits: { clientsMax: number; lineLimitBytes: number; answerTimeoutMs: number };
}

export type ToDebug =
  | { type: 'tree'; tree: TreeNodeView; askId?: number }
  | { type: 'killed'; askId: number; outcome: KillOutcome }
  | { type: 'stop' };

export type KillOutcome =
  { ok: true; path: string; epoch: number } | { ok: false; error: 'noproc' | 'root' };

export type FromDebug =
  | { type: 'sys.ready' }
  | { type: 'sys.startFailed'; code: string; message: string }
  | { type: 'askTree'; askId: number }
  /** The actor answers first and kills then, so that also the debug actor's own killer hears of it. */
  | { type: 'askKill'; askId: number; path: string };
