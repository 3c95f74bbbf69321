import type { BodyOf, LogRow as WireLogRow } from '../../protocol/messages.ts';
import type { LogRow } from './canonical.ts';
import { STREAMS } from './codes.ts';
import { countLogs, type LogCount } from './count-logs.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { estimateLogs } from './estimate-logs.ts';
import { HITS_BETWEEN, hitsOf, searchByTime } from './full-text-search.ts';
import { streamEndSql } from './group-heads.ts';
import { residualConditions } from './log-filter.ts';
import { wireRow } from './log-row.ts';
import { LogSlices } from './log-slices.ts';
import { PageRows } from './page-rows.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { SliceSize } from './slice-size.ts';
import type { Conditions } from './sql-conditions.ts';
import { LOG_COLUMNS } from './stored-rows.ts';
import { behind, keyOf, rangeOf, type TimeKey, type TimeRange } from './time-key.ts';

type Query = BodyOf<'QueryLogs'>;

/** A page of log entries in order of time or, after an id, in order of id. */
export function queryLogs(connection: ReadConnection, query: Query): Page<WireLogRow> {
  const head = headOf(connection);
  if (query.count === 'only') return countPage(connection, query, head);
  const total = totalOf(connection, query);
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
): Pick<Page<never>, 'totalCount' | 'totalIs'> {
  if (query.count === 'estimate') return estimateLogs(connection, query.filter);
  if (query.count !== 'exact') return {};
  const { count, next } = countLogs(connection, query.filter, connection.budgetMs / 2);
  return { totalCount: count, totalIs: next ? 'at_least' : 'exact' };
}

/** Only how many there are, as far as the time of one request goes; the cursor counts on. */
function countPage(connection: ReadConnection, query: Query, head: number): Page<WireLogRow> {
  const tag = 'count';
  const parts = ['number', 'number', 'number'] as const;
  const key = query.cursor == null ? undefined : decodeCursor(connection, tag, parts, query.cursor);
  const { count, next }: LogCount = countLogs(
    connection,
    query.filter,
    connection.budgetMs,
    key && [...key],
  );
  return {
    rows: [],
    totalCount: count,
    totalIs: next ? 'at_least' : 'exact',
    ...(next && { next: encodeCursor(connection, tag, next) }),
    head,
  };
}

function pageByTime(connection: ReadConnection, query: Query): Page<WireLogRow> {
  const { filter, cursor } = query;
  const isNewest = query.order !== 'oldest';
  const tag = isNewest ? 'logs newest' : 'logs oldest';
  let range = rangeOf(filter);
  if (cursor != null) {
    const key = decodeCursor(connection, tag, ['number', 'number', 'number'] as const, cursor);
    range = behind(range, [...key], isNewest);
  }
  const page = new PageRows<WireLogRow>(query.limit);
  const next = fillByTime(connection, query, { range, isNewest }, page);
  return { rows: page.rows, ...(next && { next: encodeCursor(connection, tag, next) }) };
}

/** Fills the page; returns the key behind which the next one begins. */
function fillByTime(
  connection: ReadConnection,
  { filter }: Query,
  order: { range: TimeRange; isNewest: boolean },
  page: PageRows<WireLogRow>,
): TimeKey | undefined {
  if (filter.full_text) return fillByWords(connection, filter, order, page);
  const slices = new LogSlices(connection, filter, order);
  const residual = residualConditions(filter);
  const statement = connection.prepare(
    `SELECT ${LOG_COLUMNS} ${slices.from}${residual.andSql} ${slices.order} LIMIT ?`,
  );
  const deadlineMs = performance.now() + connection.budgetMs;
  let last: TimeKey | undefined;
  const fill = (range: TimeRange) => {
    const values = [...slices.valuesIn(range), ...residual.values, page.wanted];
    for (const row of statement.iterate(...values) as IterableIterator<LogRow>) {
      if (!page.add(wireRow(row))) return;
      last = keyOf(row);
    }
  };
  // Without conditions nothing is looked at in vain, so the limit alone bounds the statement.
  if (residual.isEmpty) fill(order.range);
  while (!residual.isEmpty && !page.isFull) {
    const { isLast } = slices.look(({ range }) => fill(range));
    if (page.isFull || isLast) break;
    last = order.isNewest ? slices.rest.upper : slices.rest.lower;
    if (performance.now() >= deadlineMs) return last;
  }
  return page.isFull ? last : undefined;
}

function fillByWords(
  connection: ReadConnection,
  filter: Query['filter'],
  order: { range: TimeRange; isNewest: boolean },
  page: PageRows<WireLogRow>,
): TimeKey | undefined {
  const deadlineMs = performance.now() + connection.budgetMs;
  let last: TimeKey | undefined;
  for (const { key, row } of searchByTime(connection, filter, order)) {
    if (row && !page.add(wireRow(row))) return last;
    last = key;
    if (performance.now() >= deadlineMs) return last;
  }
  return undefined;
}

function pageById(
  connection: ReadConnection,
  query: Query,
  afterId: number,
  head: number,
): Page<WireLogRow> {
  const { filter, cursor } = query;
  const tag = 'logs by id';
  const end = Math.min(head, filter.through_id ?? head);
  let lower =
    cursor == null ? afterId : decodeCursor(connection, tag, ['number'] as const, cursor)[0];
  const conditions = conditionsById(filter);
  const words = filter.full_text ? hitsOf(connection, filter.full_text) : undefined;
  const andWords = words === undefined ? '' : ` AND ${HITS_BETWEEN}`;
  const statement = connection.prepare(
    `SELECT ${LOG_COLUMNS} FROM logs NOT INDEXED
     WHERE id > ? AND id <= ?${conditions.andSql}${andWords} ORDER BY id LIMIT ?`,
  );
  const deadlineMs = performance.now() + connection.budgetMs;
  const page = new PageRows<WireLogRow>(query.limit);
  const size = new SliceSize();
  while (lower < end && !page.isFull) {
    const upper = Math.min(end, lower + size.rows);
    size.measure(() => {
      const between = words === undefined ? [] : [words, lower + 1, upper];
      const values = [lower, upper, ...conditions.values, ...between, page.wanted];
      for (const row of statement.iterate(...values) as IterableIterator<LogRow>) {
        if (!page.add(wireRow(row))) return;
      }
    });
    lower = page.isFull ? page.rows.at(-1)!.id : upper;
    if (performance.now() >= deadlineMs) break;
  }
  return {
    rows: page.rows,
    ...(lower < end && { next: encodeCursor(connection, tag, [lower]) }),
    through: Math.max(lower, afterId),
  };
}

/** All of a filter as conditions that do not lead away from the order of ids. */
function conditionsById(filter: Query['filter']): Conditions {
  const conditions = residualConditions(filter);
  if (filter.session_id != null) conditions.add('session_id = ?', filter.session_id);
  const { lower, upper } = rangeOf(filter);
  if (filter.since != null) conditions.add('(seconds, nanos, id) > (?, ?, ?)', ...lower);
  if (filter.until != null) conditions.add('(seconds, nanos, id) < (?, ?, ?)', ...upper);
  return conditions;
}
