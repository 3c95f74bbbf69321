import { setTimeout as sleep } from 'node:timers/promises';
import { isCodiError } from '../protocol/errors.ts';
import type { RowOrder } from './row-order.ts';
import type { AskPage, DamagedFile, RowPage } from './row-source.ts';

const PAGE_ROWS = 1_000;
const ATTEMPTS = 8;
const RETRY_MS = 500;

/** What was handed out. */
export interface Listed {
  count: number;
  /** Cursor of what would come next; undefined when there is nothing. */
  next: string | undefined;
  /** How many there are in all, about, if the first page was to say so. */
  estimate: number | undefined;
  /** There is more of it in the archive, which was not asked for. */
  reachesArchive: boolean;
  /** Archive segments that could not be read, each once. */
  damaged: readonly DamagedFile[];
  /** Of what comes after a number, rows up to here are not all there any more. */
  prunedThrough: number | undefined;
  /** The highest number in the stream when the first page was read. */
  head: number | undefined;
}

/** Hands out the rows of a query, page by page, as a command asked for them. */
export async function listRows<Row>(
  ask: AskPage<Row>,
  order: RowOrder,
  print: (row: Row) => Promise<void>,
): Promise<Listed> {
  const held: Row[] = [];
  const damaged = new Map<string, DamagedFile>();
  const listed: Listed = {
    count: 0,
    next: order.cursor,
    estimate: undefined,
    reachesArchive: false,
    damaged: [],
    prunedThrough: undefined,
    head: undefined,
  };
  let left = order.limit ?? Number.POSITIVE_INFINITY;
  do {
    const page = await askPatiently(ask, order, listed, Math.min(PAGE_ROWS, left));
    listed.estimate ??= page.estimate;
    listed.next = page.next;
    listed.prunedThrough ??= page.prunedThrough;
    listed.head ??= page.head;
    listed.count += page.rows.length;
    listed.reachesArchive ||= page.reachesArchive;
    for (const one of page.damaged) damaged.set(one.file, one);
    left -= page.rows.length;
    if (order.isReversed) held.push(...page.rows);
    else for (const row of page.rows) await print(row);
  } while (listed.next !== undefined && left > 0);
  for (const row of held.toReversed()) await print(row);
  return { ...listed, damaged: [...damaged.values()] };
}

/**
 * A page. Once rows were handed out, a daemon that restarts or is busy is waited for: the cursor stays good, and
 * half an answer would be worse than a late one. A read that was ended for its length is tried once more in any
 * case: it may have waited for a cold disk.
 */
async function askPatiently<Row>(
  ask: AskPage<Row>,
  { order, isOwnLimit }: RowOrder,
  { count, next }: Listed,
  limit: number,
): Promise<RowPage<Row>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const wantsEstimate = isOwnLimit && count === 0;
      return await ask({ limit, order, cursor: next, wantsEstimate });
    } catch (error) {
      if (!isCodiError(error) || !error.retryable) throw error;
      const isLate = count === 0 && (error.code !== 'CODI_TIMEOUT' || attempt > 1);
      if (isLate || attempt === ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
  }
}
