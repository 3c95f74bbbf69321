import type { BodyOf, LogRow as WireLogRow } from '../../protocol/messages.ts';
import { archivedLogsByTime } from './archive/archived-logs.ts';
import { countById, estimateWithArchive } from './archive/count-archived.ts';
import { decodeGathering, encodeGathering } from './archive/gathering.ts';
import { archiveNotes } from './archive/segment-spans.ts';
import type { LogRow } from './canonical.ts';
import { STREAMS } from './codes.ts';
import { countLogs, type LogCount } from './count-logs.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { estimateLogs } from './estimate-logs.ts';
import { streamEndSql } from './group-heads.ts';
import { wireRow } from './log-row.ts';
import { PageRows } from './page-rows.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { logColumns } from './stored-rows.ts';
import {
  behind,
  FIRST_KEY,
  rangeOf as timesOf,
  upTo,
  type TimeKey,
  type TimeRange,
} from './time-key.ts';
import { idWalk } from './walk-log-ids.ts';
import { walkLogTimes } from './walk-log-times.ts';
import { walkNumbers } from './walk-numbers.ts';

/** Of a time key, in a cursor. */
const KEY = ['number', 'number', 'number'] as const;
const ARCHIVED_IN = `SELECT count(*) FROM segments WHERE file IS NOT NULL AND removed_ms IS NULL
  AND newest_seconds >= ? AND oldest_seconds <= ?`;

type Query = BodyOf<'QueryLogs'>;

/** A page of log entries in order of time or, after an id, in order of id. */
export function queryLogs(connection: ReadConnection, query: Query): Page<WireLogRow> {
  const head = headOf(connection);
  if (query.count === 'only') return countPage(connection, query, head);
  const total = totalOf(connection, query, head);
  const page =
    query.filter.after_id == null
      ? pageByTime(connection, query)
      : pageById(connection, query, query.filter.after_id, head);
  return { totalCount: page.rows.length, ...page, ...total, head };
}

/** The highest id there is: what comes later is not part of this answer. */
function headOf(connection: ReadConnection): number {
  return connection.value<number>(streamEndSql(STREAMS.logs)) ?? 0;
}

function totalOf(
  connection: ReadConnection,
  query: Query,
  head: number,
): Pick<Page<never>, 'totalCount' | 'totalIs'> {
  if (query.count === 'estimate')
    return query.include_archived
      ? estimateWithArchive(connection, query.filter)
      : estimateLogs(connection, query.filter);
  if (query.count !== 'exact') return {};
  if (query.include_archived) {
    const span = { after: 0, through: head, budgetMs: connection.budgetMs / 2 };
    const { count, next } = countById(connection, query.filter, span);
    return { totalCount: count, totalIs: next === undefined ? 'exact' : 'at_least' };
  }
  const { count, next } = countLogs(connection, query.filter, connection.budgetMs / 2);
  return { totalCount: count, totalIs: next ? 'at_least' : 'exact' };
}

/** Only how many there are, as far as the time of one request goes; the cursor counts on. */
function countPage(connection: ReadConnection, query: Query, head: number): Page<WireLogRow> {
  if (query.include_archived) return countArchivedPage(connection, query, head);
  const tag = 'count';
  const key = query.cursor == null ? undefined : decodeCursor(connection, tag, KEY, query.cursor);
  const { count, next }: LogCount = countLogs(
    connection,
    query.filter,
    connection.budgetMs,
    key && [...key],
  );
  const range = behind(timesOf(query.filter), key ? [...key] : FIRST_KEY, false);
  return {
    rows: [],
    totalCount: count,
    totalIs: next ? 'at_least' : 'exact',
    ...(next && { next: encodeCursor(connection, tag, next) }),
    head,
    ...archivedIn(connection, range, next, false),
  };
}

function countArchivedPage(
  connection: ReadConnection,
  query: Query,
  head: number,
): Page<WireLogRow> {
  const tag = 'count archived';
  const parts = ['number'] as const;
  const after = query.cursor == null ? 0 : decodeCursor(connection, tag, parts, query.cursor)[0];
  const { count, next, damaged } = countById(connection, query.filter, {
    after,
    through: head,
    budgetMs: connection.budgetMs,
  });
  return {
    rows: [],
    totalCount: count,
    totalIs: next === undefined ? 'exact' : 'at_least',
    ...(next !== undefined && { next: encodeCursor(connection, tag, [next]) }),
    head,
    ...archiveNotes({ archived: 0, damaged }),
  };
}

function pageByTime(connection: ReadConnection, query: Query): Page<WireLogRow> {
  const { filter, cursor } = query;
  if (query.include_archived) return archivedPageByTime(connection, query);
  const isNewest = query.order !== 'oldest';
  const tag = isNewest ? 'logs newest' : 'logs oldest';
  let range = timesOf(filter);
  if (cursor != null) {
    const key = decodeCursor(connection, tag, KEY, cursor);
    range = behind(range, [...key], isNewest);
  }
  const page = new PageRows<WireLogRow>(query.limit);
  const taker = {
    get isFull() {
      return page.isFull;
    },
    get wanted() {
      return page.wanted;
    },
    take: (row: LogRow) => page.add(wireRow(row)),
  };
  const { budgetMs } = connection;
  const next = walkLogTimes(connection, filter, { range, isNewest }, taker, { budgetMs });
  return {
    rows: page.rows,
    ...(next && { next: encodeCursor(connection, tag, next) }),
    ...archivedIn(connection, range, next, isNewest),
  };
}

function archivedPageByTime(connection: ReadConnection, query: Query): Page<WireLogRow> {
  const { filter, cursor } = query;
  const isNewest = query.order !== 'oldest';
  const tag = isNewest ? 'archived newest' : 'archived oldest';
  let range = timesOf(filter);
  let gathered;
  if (cursor != null) {
    const [text, ...key] = decodeCursor(connection, tag, ['string', ...KEY] as const, cursor);
    range = behind(range, key, isNewest);
    gathered = decodeGathering(text);
  }
  const order = { range, isNewest };
  const { rows, next, damaged } = archivedLogsByTime(connection, query, order, gathered);
  const text = next?.gathering ? encodeGathering(next.gathering) : '';
  return {
    rows,
    ...(next && { next: encodeCursor(connection, tag, [text, ...next.position]) }),
    ...archiveNotes({ archived: 0, damaged }),
  };
}

function pageById(
  connection: ReadConnection,
  query: Query,
  afterId: number,
  head: number,
): Page<WireLogRow> {
  const { filter, cursor } = query;
  const tag = 'logs by id';
  const low =
    cursor == null ? afterId : decodeCursor(connection, tag, ['number'] as const, cursor)[0];
  const high = Math.min(head, filter.through_id ?? head);
  const page = new PageRows<WireLogRow>(query.limit);
  const select = {
    what: logColumns(connection),
    behind: 'ORDER BY id LIMIT ?',
    behindValues: () => [page.wanted],
  };
  const look = idWalk<LogRow>(connection, filter, select, (rows) => {
    for (const row of rows) if (!page.add(wireRow(row))) return page.rows.at(-1)!.id;
    return undefined;
  });
  const withArchive = query.include_archived === true;
  const walk = { stream: 'logs' as const, isNewest: false, low, high, withArchive, look };
  const walked = walkNumbers(connection, walk, performance.now() + connection.budgetMs);
  return {
    rows: page.rows,
    ...(walked.low < high && { next: encodeCursor(connection, tag, [walked.low]) }),
    through: Math.max(walked.low, afterId),
    ...archiveNotes(walked),
  };
}

/** The archived segments in the part of a range that an answer covers: from its beginning up to `next`. */
function archivedIn(
  connection: ReadConnection,
  range: TimeRange,
  next: TimeKey | undefined,
  isNewest: boolean,
): Pick<Page<never>, 'archived'> {
  const { lower, upper } = next ? upTo(range, next, isNewest) : range;
  const archived = connection.value<number>(ARCHIVED_IN, lower[0], upper[0])!;
  return archived > 0 ? { archived } : {};
}
