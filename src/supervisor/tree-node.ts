import type { Restart, Strategy } from './child-spec.ts';

/** One node of a tree snapshot. */
export interface TreeNode {
  path: string;
  id: string;
  type: 'worker' | 'supervisor';
  /** The actor's own word while it runs, else starting, stopping, restarting, backing-off, parked, stopped. */
  state: string;
  note?: string;
  strategy?: Strategy;
  restart: Restart;
  /** 'inline', 'thread 3', 'pid 4711'. */
  isolation: string;
  epoch: number;
  restarts: number;
  /** Wall time, Unix milliseconds. */
  lastRestartMs?: number;
  lastExit?: { reason: string; at: number };
  /** The last time it kept its thread too long: wall time of the end, for how long, and with which message. */
  lastBlock?: { at: number; tookMs: number; message: string };
  /** When it is waiting: wall time of the next attempt, Unix milliseconds. */
  nextRetryMs?: number;
  /** Of the present incarnation; 0 while it is down. */
  uptimeMs: number;
  mailbox: { count: number; bytes: number; highWater: number; dropped: number };
  children: TreeNode[];
}
