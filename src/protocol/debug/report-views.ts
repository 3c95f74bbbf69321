import type { MessageHeaderView } from './actor-views.ts';
import type { LastExitView } from './tree-views.ts';

export interface CrashErrorView {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: CrashErrorView;
}

/** OTP's crash report; one per fingerprint, of the latest crash (`codi crashes`). */
export interface CrashView {
  fingerprint: string;
  count: number;
  first_at: string;
  last_at: string;
  path: string;
  pid: string;
  name: string;
  isolation: string;
  uptime_ms: number;
  restarts: number;
  messages_handled: number;
  reason: string;
  error?: CrashErrorView;
  /** Type of the message in hand. */
  message?: string;
  /** Supervisors above it, nearest first. */
  ancestors: string[];
  links: string[];
  monitored_by: number;
  neighbours: { path: string; epoch: number; state: string; unread: number }[];
  unread: { count: number; types: string[] };
  recent: MessageHeaderView[];
  machine?: { state: string; value: unknown; tags: string[]; status: string; context: unknown };
}

/** What the runtime tells of its own work: starts, exits, restarts, meltdowns, losses. */
export interface ReportView {
  seq: number;
  at: string;
  kind: string;
  path: string;
  detail: unknown;
  /** OTP's: start_error, child_terminated, shutdown_error, shutdown, progress. */
  error_context?: string;
  supervisor?: string;
  offender?: {
    pid: string;
    id: string;
    restart_type: string;
    significant: boolean;
    shutdown: number | string;
    child_type: string;
  };
}

/** Why an actor does not run, the weightiest cause first (`codi why`). */
export interface WhyView {
  path: string;
  state: string;
  is_running: boolean;
  /** Each a sentence that can be shown as it is, and its kind. */
  causes: { kind: string; text: string; detail: unknown }[];
  last_exit?: LastExitView;
  last_error?: CrashErrorView;
  last_message?: string;
  budget?: {
    restarts: number;
    max_restarts: number;
    within_ms: number;
    on_exhausted: string;
    is_slow: boolean;
  };
  backoff_attempt: number;
  supervisor?: { path: string; restarts: number; intensity: number; period_ms: number };
  /** What a person can do about it; absent when it runs. */
  hint?: string;
}

export interface DeadLetterView {
  id: number;
  at: string;
  to: string;
  cause: 'stopped' | 'unknown' | 'overflow' | 'poison';
  type: string;
  bytes: number;
  replays: number;
}

export interface DeadLettersView {
  counts: {
    kept: number;
    kept_bytes: number;
    forgotten: number;
    stopped: number;
    unknown: number;
    overflow: number;
    poison: number;
  };
  letters: DeadLetterView[];
}
