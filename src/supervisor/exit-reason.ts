import { describeError } from './describe-error.ts';

/** Why an incarnation ended. `normal` and `shutdown` are the two that a transient child is not restarted for. */
export type ExitReason =
  | { kind: 'normal' }
  /** cause: OTP's {shutdown, Term}; treated like a plain shutdown. */
  | { kind: 'shutdown'; cause?: unknown }
  | { kind: 'crash'; error: unknown }
  | ({ kind: 'killed'; by: Killer } & OperatorWord)
  /**
   * Killed, but an inline actor cannot be cut off: it did not end in time, or was in the middle of something that
   * goes on. Fenced, its scope given back, listed as unstopped.
   */
  | ({ kind: 'abandoned'; by: Killer; afterMs?: number } & OperatorWord)
  /** Its thread or process gave no sign of life for so long, and was killed. */
  | { kind: 'unresponsive'; silentMs: number }
  /** An operator asked it to end well and come back. */
  | ({ kind: 'restarted'; by: 'operator' } & OperatorWord)
  | { kind: 'startFailed'; error: unknown }
  | { kind: 'startTimeout'; afterMs: number }
  | { kind: 'mailboxOverflow' }
  | { kind: 'noproc' };

export type Killer = 'operator' | 'supervisor' | 'timeout';

/** What an operator may say with a verb. */
export interface OperatorWord {
  why?: string;
  /** Counts against budget and intensity like a crash; default no. */
  isCounted?: boolean;
}

/** Initial start of a system or supervisor failed; names the child that did not come up. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** Path of the child that failed, deepest first cause. */
  readonly path: string;
  readonly reason: ExitReason;

  constructor(path: string, reason: ExitReason) {
    super(`'${path}' did not start: ${describeExit(reason)}`);
    this.path = path;
    this.reason = reason;
  }
}

/** One line for people. Never throws. */
export function describeExit(reason: ExitReason): string {
  switch (reason.kind) {
    case 'crash':
      return `crashed: ${describeError(reason.error)}`;
    case 'killed':
      return `killed by ${reason.by}${said(reason.why)}`;
    case 'abandoned': {
      const after = reason.afterMs === undefined ? '' : ` after ${reason.afterMs} ms`;
      return `abandoned by ${reason.by}${after}${said(reason.why)}`;
    }
    case 'unresponsive':
      return `unresponsive for ${Math.round(reason.silentMs)} ms`;
    case 'restarted':
      return `restarted by ${reason.by}${said(reason.why)}`;
    case 'shutdown':
      return reason.cause === undefined ? 'shutdown' : `shutdown: ${describeError(reason.cause)}`;
    case 'startFailed':
      return `start failed: ${describeError(reason.error)}`;
    case 'startTimeout':
      return `not ready after ${reason.afterMs} ms`;
    case 'mailboxOverflow':
      return 'mailbox overflow';
    default:
      return reason.kind;
  }
}

function said(why: string | undefined): string {
  return why === undefined ? '' : `: ${describeError(why)}`;
}

/** True for ends that are as good as wanted: OTP's `normal` and `shutdown`. */
export function isCleanExit(reason: ExitReason): boolean {
  return reason.kind === 'normal' || reason.kind === 'shutdown';
}

/** True when an operator ended it without wishing it counted, also when that happened to a child during a supervisor's start. */
export function isOperatorKill(reason: ExitReason): boolean {
  if (reason.kind === 'killed' || reason.kind === 'abandoned' || reason.kind === 'restarted') {
    return reason.by === 'operator' && reason.isCounted !== true;
  }
  return (
    reason.kind === 'startFailed' &&
    reason.error instanceof StartError &&
    isOperatorKill(reason.error.reason)
  );
}
