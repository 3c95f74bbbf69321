/** Between the debug thread and its actor on the main thread. */

/** A node of the supervision tree as the debug socket shows it (`codi tree --json`). */
export interface TreeNodeView {
  path: string;
  state: string;
  note?: string;
  strategy?: string;
  restart: string;
  isolation: string;
  epoch: number;
  restarts: number;
  last_restart_at?: string;
  last_exit?: { reason: string; at: string };
  uptime_ms: number;
  children: TreeNodeView[];
}

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
