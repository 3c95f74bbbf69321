import type { BusyView, Freshness } from '../protocol/debug/tree-views.ts';
import { showShortDuration } from './amounts.ts';
import type { Invocation } from './invocation.ts';
import { safeText } from './safe-text.ts';

/** Says on stderr that what was shown is of the past, and what keeps the daemon from answering. */
export async function noteStaleness(answer: Freshness, invocation: Invocation): Promise<void> {
  const text = stalenessText(answer);
  if (text !== undefined && !invocation.globals.json) await invocation.note(text);
}

/** `as of 4.2 s ago: the main thread has been in core/bus (publish) for 4.2 s`; undefined when fresh. */
export function stalenessText({ stale_ms, busy }: Freshness): string | undefined {
  if (stale_ms === undefined) return undefined;
  const age = `as of ${showShortDuration(stale_ms)} ago`;
  return busy ? `${age}: ${busyText(busy)}` : age;
}

function busyText({ path, message, busy_ms }: BusyView): string {
  const duration = showShortDuration(busy_ms);
  if (path === undefined) return `the main thread has not answered for ${duration}`;
  const where = safeText(path) + (message === undefined ? '' : ` (${safeText(message)})`);
  return `the main thread has been in ${where} for ${duration}`;
}
