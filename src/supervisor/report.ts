import type { ExitReason } from './exit-reason.ts';

/** What the runtime tells about its own work; `at` is wall time in Unix milliseconds. */
export type Report = { at: number } & ReportBody;

export type ReportBody =
  | { kind: 'childStarted'; path: string; epoch: number }
  | {
      kind: 'childExited';
      path: string;
      epoch: number;
      reason: ExitReason;
      willRestart: boolean;
      delayMs: number;
    }
  /** afterMs: from the exit to readiness. */
  | { kind: 'childRestarted'; path: string; epoch: number; afterMs: number }
  | {
      kind: 'startFailed';
      path: string;
      epoch: number;
      reason: ExitReason;
      willRetry: boolean;
      delayMs: number;
    }
  /** A supervisor gives up: more restarts than its intensity, or a child's budget that escalates. */
  | { kind: 'meltdown'; path: string }
  | { kind: 'autoShutdown'; path: string; child: string }
  | { kind: 'parked'; path: string }
  | { kind: 'retrySlow'; path: string; delayMs: number }
  /** A child did not end the way it was asked to. */
  | { kind: 'shutdownError'; path: string; reason: ExitReason }
  /** Something could not be stopped and was abandoned: the actor, a cleanup, or its thread or process. */
  | { kind: 'unstopped'; path: string; reason: string }
  | { kind: 'cleanupFailed'; path: string; cleanup: string; error: unknown }
  /** Messages nobody will ever read; coalesced. */
  | { kind: 'deadLetter'; path: string; count: number }
  | { kind: 'mailboxDropped'; path: string; policy: string; count: number };
