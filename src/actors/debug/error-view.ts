import type { CrashErrorView } from '../../protocol/debug/report-views.ts';
import type { PlainError } from '../../supervisor/index.ts';

export function errorView({ name, message, code, stack, cause }: PlainError): CrashErrorView {
  return {
    name,
    message,
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack }),
    ...(cause && { cause: errorView(cause) }),
  };
}
