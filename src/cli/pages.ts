import type { MonitorClient } from '../client/monitor-client.ts';
import type { ActRow, BodyOf, FileRow, GapRow, SessionRow } from '../protocol/messages.ts';

const PAGE_ROWS = 1_000;

interface Page<Row> {
  rows: readonly Row[];
  next: string | undefined;
}

/** Rows of a query, page after page, up to `limit` (all of them without). */
async function* pages<Row>(
  limit: number | undefined,
  ask: (limit: number, cursor: string | undefined) => Promise<Page<Row>>,
): AsyncGenerator<readonly Row[]> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  let cursor: string | undefined;
  while (left > 0) {
    const page = await ask(Math.min(PAGE_ROWS, left), cursor);
    left -= page.rows.length;
    if (page.rows.length > 0) yield page.rows;
    if (page.next === undefined) return;
    cursor = page.next;
  }
}

const at = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export function filePages(
  client: MonitorClient,
  filter: { root?: string; prefix?: string; checksum?: string },
  limit: number | undefined,
): AsyncGenerator<readonly FileRow[]> {
  return pages(limit, async (pageLimit, cursor) => {
    const answer = await client.request('ListFiles', {
      ...filter,
      limit: pageLimit,
      ...at(cursor),
    });
    return { rows: answer.files, next: answer.next ?? undefined };
  });
}

export function sessionPages(
  client: MonitorClient,
  active: boolean | undefined,
  limit: number | undefined,
  sessionId?: string,
): AsyncGenerator<readonly SessionRow[]> {
  return pages(limit, async (pageLimit, cursor) => {
    const request = {
      limit: pageLimit,
      ...(active !== undefined && { active }),
      ...(sessionId !== undefined && { session_id: sessionId }),
      ...at(cursor),
    };
    const answer = await client.request('ListSessions', request);
    return { rows: answer.sessions, next: answer.next ?? undefined };
  });
}

export function actPages(
  client: MonitorClient,
  filter: BodyOf<'QueryActs'>['filter'],
  limit: number | undefined,
): AsyncGenerator<readonly ActRow[]> {
  return pages(limit, async (pageLimit, cursor) => {
    const answer = await client.request('QueryActs', { filter, limit: pageLimit, ...at(cursor) });
    return { rows: answer.acts, next: answer.next ?? undefined };
  });
}

export function gapPages(
  client: MonitorClient,
  filter: BodyOf<'QueryGaps'>['filter'],
  limit: number | undefined,
): AsyncGenerator<readonly GapRow[]> {
  return pages(limit, async (pageLimit, cursor) => {
    const answer = await client.request('QueryGaps', { filter, limit: pageLimit, ...at(cursor) });
    return { rows: answer.gaps, next: answer.next ?? undefined };
  });
}

/** All rows of a query in one list; for queries with a limit. */
export async function collect<Row>(rows: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const page of rows) all.push(...page);
  return all;
}
