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

/**
 * After events that were asked for by the number before them: says which of them are not there any more, and from which
 * number to go on. Returns the exit code.
 */
export async function noteSince(
  invocation: Invocation,
  listed: Listed & { last?: number | undefined },
  after: number,
  { showCursor, archived }: { showCursor?: boolean; archived?: boolean },
): Promise<number> {
  const { count, next, head, last, prunedThrough } = listed;
  const { globals, out } = invocation;
  if (showCursor || (next !== undefined && !globals.json)) {
    const since = next === undefined ? Math.max(head ?? 0, after) : (last ?? after);
    if (globals.json) await out.json({ since });
    else await invocation.note(`go on with --since ${since}`);
  }
  if (!globals.json && count === 0) await invocation.note('no events');
  const code = await noteArchive(invocation, 'events', { ...listed, reachesArchive: false });
  if (prunedThrough === undefined) return code;
  const how = archived
    ? 'retention has deleted them'
    : 'retention has deleted them, or moved them into the archive: add --archived';
  await invocation.note(`events ${after + 1} to ${prunedThrough} are not all here: ${how}`);
  return EXIT_PARTIAL;
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
