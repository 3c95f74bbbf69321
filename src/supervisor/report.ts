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
      /** It was asked to end: by its supervisor, or for an operator. */
      wasAsked?: true;
    }
  /** afterMs: from the exit to readiness. message: type of the one in hand when it ended. */
  | {
      kind: 'childRestarted';
      path: string;
      epoch: number;
      afterMs: number;
      cause?: ExitReason;
      message?: string;
      /** Restarts since it last ran long enough. */
      attempt?: number;
    }
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
  /** One step of an inline actor kept the thread too long; not repeated for a while. */
  | { kind: 'unresponsive'; path: string; epoch: number; message: string; tookMs: number }
  /** First crash of its kind; the report is in the crash store. */
  | { kind: 'crash'; path: string; epoch: number; fingerprint: string }
  /** A message crashed its actor too often and is a dead letter now. */
  | { kind: 'quarantined'; path: string; message: string }
  | { kind: 'suspended'; path: string; ttlMs: number }
  | { kind: 'resumed'; path: string; why: 'operator' | 'expired' | 'system' | 'ended' }
  | { kind: 'specChanged'; path: string }
  | { kind: 'cleanupFailed'; path: string; cleanup: string; error: unknown }
  /** Messages nobody will ever read; coalesced. */
  | { kind: 'deadLetter'; path: string; count: number }
  | { kind: 'mailboxDropped'; path: string; policy: string; count: number };
