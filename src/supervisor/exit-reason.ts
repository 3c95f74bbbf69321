import { describeError } from './describe-error.ts';

/** Why an incarnation ended. `normal` and `shutdown` are the two that a transient child is not restarted for. */
export type ExitReason =
  | { kind: 'normal' }
  | { kind: 'shutdown' }
  | { kind: 'crash'; error: unknown }
  | { kind: 'killed'; by: 'operator' | 'supervisor' | 'timeout' }
  | { kind: 'startFailed'; error: unknown }
  | { kind: 'startTimeout'; afterMs: number }
  | { kind: 'mailboxOverflow' }
  | { kind: 'noproc' };

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
      return `killed by ${reason.by}`;
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

/** True for ends that are as good as wanted: OTP's `normal` and `shutdown`. */
export function isCleanExit(reason: ExitReason): boolean {
  return reason.kind === 'normal' || reason.kind === 'shutdown';
}

/** True when an operator's kill ended it, also when that happened to a child during a supervisor's start. */
export function isOperatorKill(reason: ExitReason): boolean {
  if (reason.kind === 'killed') return reason.by === 'operator';
  return (
    reason.kind === 'startFailed' &&
    reason.error instanceof StartError &&
    isOperatorKill(reason.error.reason)
  );
}
