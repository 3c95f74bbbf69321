import type { CrashErrorView } from '../protocol/debug/report-views.ts';
import { safeText } from './safe-text.ts';

/** `Error: the disk is gone (EIO)` */
export function errorText({ name, message, code }: CrashErrorView): string {
  const suffix = code === undefined || message.includes(code) ? '' : ` (${safeText(code)})`;
  return `${safeText(name)}: ${safeText(message)}${suffix}`;
}
