import { CodiError, exitCodeOf, isCodiError } from '../protocol/errors.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';

/** An error as a command shows it. */
export interface ErrorView {
  code: string;
  message: string;
  /** Why, where more is known than the message says. */
  why?: string;
  hint: string;
  retryable: boolean;
  exitCode: number;
  stack?: string;
}

/** Reads any thrown value; what is no CodiError is an internal failure that still says what it was. */
export function viewError(error: unknown): ErrorView {
  if (!isCodiError(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    const internal = viewError(new CodiError('CODI_INTERNAL', { reason }));
    return error instanceof Error && error.stack !== undefined
      ? { ...internal, stack: error.stack }
      : internal;
  }
  const why = whyOf(error);
  return {
    code: error.code,
    message: error.message,
    ...(why !== undefined && { why }),
    hint: error.hint,
    retryable: error.retryable,
    exitCode: exitCodeOf(error),
    ...(error.stack !== undefined && { stack: error.stack }),
  };
}

/** At most three lines: what happened, why, what to do; with `isVerbose` the stack follows. */
export function errorLines(view: ErrorView, style: Style, isVerbose: boolean): string[] {
  const lines = [
    `${style.red('error:')} ${safeText(view.message)} ${style.dim(`(${view.code})`)}`,
    ...(view.why === undefined ? [] : [`  ${safeText(view.why)}`]),
    ...(view.hint === '' ? [] : [`  ${safeText(view.hint)}`]),
  ];
  if (isVerbose && view.stack !== undefined) {
    lines.push(
      ...view.stack
        .split('\n')
        .slice(1)
        .map((line) => style.dim(line)),
    );
  }
  return lines;
}

/** The `--json` form, for stderr. */
export function errorJson(view: ErrorView): string {
  const { code, message, hint, retryable } = view;
  return JSON.stringify({ error: { code, message, hint, retryable } });
}

function whyOf(error: CodiError): string | undefined {
  const { path, reason, why } = error.details as Record<string, unknown>;
  if (typeof why === 'string') return why;
  if (typeof reason !== 'string' || error.message.includes(reason)) return undefined;
  return typeof path === 'string' && path !== '' ? `tried ${path}: ${reason}` : reason;
}
