import { showLargeCount } from './amounts.ts';
import type { Invocation } from './invocation.ts';
import type { Listed } from './row-listing.ts';
import type { RowOrder } from './row-order.ts';

/** Says on stderr what a listing left out, and how to go on. */
export async function noteListing(
  invocation: Invocation,
  what: 'entries' | 'events',
  { count, next, estimate }: Listed,
  order: RowOrder,
  showsCursor: boolean,
): Promise<void> {
  const { globals, out } = invocation;
  if (showsCursor && next !== undefined) {
    if (globals.json) await out.json({ next });
    else await invocation.note(`go on with --cursor ${next}`);
  }
  if (globals.json) return;
  if (count === 0) return invocation.note(`no ${what}`);
  if (!order.isOwnLimit || next === undefined) return;
  const of = estimate === undefined ? '' : ` of about ${showLargeCount(Math.max(estimate, count))}`;
  const word = order.order === 'newest' ? 'newest' : 'oldest';
  await invocation.note(`the ${word} ${count}${of}; see more with --limit or --all`);
}
