import { showLargeCount } from './amounts.ts';
import type { Invocation } from './invocation.ts';
import type { Listed } from './row-listing.ts';
import type { DamagedFile } from './row-source.ts';
import type { RowOrder } from './row-order.ts';

/** Exit code of an answer in which something is missing. */
const EXIT_PARTIAL = 6;

/** Says on stderr what a listing left out, and how to go on. Returns the exit code. */
export async function noteListing(
  invocation: Invocation,
  what: 'entries' | 'events',
  listed: Listed,
  order: RowOrder,
  showsCursor: boolean,
): Promise<number> {
  await noteRest(invocation, what, listed, order, showsCursor);
  return noteArchive(invocation, what, listed);
}

/** Says what the archive has beyond an answer, or cannot give. Returns the exit code. */
export async function noteArchive(
  invocation: Invocation,
  what: 'entries' | 'events' | 'entries and events',
  { reachesArchive, damaged }: { reachesArchive: boolean; damaged: readonly DamagedFile[] },
): Promise<number> {
  if (reachesArchive)
    await invocation.note(`${what} of this time are in the archive, too: add --archived`);
  for (const { file, reason } of damaged)
    await invocation.note(`${file} cannot be read, its ${what} are missing here: ${reason}`);
  return damaged.length === 0 ? 0 : EXIT_PARTIAL;
}

async function noteRest(
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
