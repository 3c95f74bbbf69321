import { parseJsonText } from '../../protocol/json-text.ts';
import { LEVELS } from '../../protocol/kinds.ts';
import type { BodyOf, LogRow as WireLogRow } from '../../protocol/messages.ts';
import type { LogRow } from './canonical.ts';
import { wordOf } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { residualConditions, type LogFilter } from './log-filter.ts';
import { PageRows } from './page-rows.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { filterTime, timeText } from './row-values.ts';
import { Conditions } from './sql-conditions.ts';
import { LOG_COLUMNS } from './stored-rows.ts';

type Query = BodyOf<'QueryLogs'>;
/** (seconds, nanos, id): the order of time. Ids begin at 1, so id 0 stands before all of a moment. */
type TimeKey = [seconds: number, nanos: number, id: number];

/** Entries looked at per statement, so that no read transaction is long. */
const SLICE_ROWS = 10_000;
const FIRST_KEY: TimeKey = [Number.MIN_SAFE_INTEGER, 0, 0];
const LAST_KEY: TimeKey = [Number.MAX_SAFE_INTEGER, 0, 0];
const BETWEEN = '(seconds, nanos, id) > (?, ?, ?) AND (seconds, nanos, id) < (?, ?, ?)';

/** A page of log entries in order of time or, after an id, in order of id. */
export function queryLogs(connection: ReadConnection, query: Query): Page<WireLogRow> {
  return query.filter.after_id == null
    ? pageByTime(connection, query)
    : pageById(connection, query, query.filter.after_id);
}

function pageByTime(connection: ReadConnection, query: Query): Page<WireLogRow> {
  const { filter, limit, cursor } = query;
  const isNewest = query.order !== 'oldest';
  const tag = isNewest ? 'logs newest' : 'logs oldest';
  const bounds = timeBounds(filter);
  const totalCount = query.count === 'exact' ? countAll(connection, filter, bounds) : undefined;
  if (cursor != null) {
    const key = decodeCursor(tag, ['number', 'number', 'number'] as const, cursor);
    bounds[isNewest ? 'upper' : 'lower'] = [...key];
  }
  const residual = residualConditions(filter);
  const direction = isNewest ? 'DESC' : 'ASC';
  const session = sessionCondition(filter);
  const order = `ORDER BY seconds ${direction}, nanos ${direction}, id ${direction}`;
  const inSlice = `FROM logs WHERE ${BETWEEN}${session.andSql}`;
  const deadlineMs = performance.now() + connection.budgetMs;
  const page = new PageRows<WireLogRow>(limit);
  let last: TimeKey | undefined;
  for (;;) {
    const { lower, upper } = bounds;
    const end = residual.isEmpty
      ? undefined
      : (connection
          .prepare(`SELECT seconds, nanos, id ${inSlice} ${order} LIMIT 1 OFFSET ${SLICE_ROWS - 1}`)
          .get(...lower, ...upper, ...session.values) as Record<string, number> | undefined);
    const slice = sliceBounds(bounds, isNewest, end);
    const rows = connection
      .prepare(`SELECT ${LOG_COLUMNS} ${inSlice}${residual.andSql} ${order} LIMIT ?`)
      .iterate(
        ...slice.lower,
        ...slice.upper,
        ...session.values,
        ...residual.values,
        page.wanted,
      ) as IterableIterator<LogRow>;
    for (const row of rows) {
      if (!page.add(wireRow(row))) break;
      last = [row.seconds, row.nanos, row.id];
    }
    if (page.isFull) return result(page, encodeCursor(tag, last!), totalCount);
    if (!end) return result(page, undefined, totalCount);
    last = [end['seconds']!, end['nanos']!, end['id']!];
    bounds[isNewest ? 'upper' : 'lower'] = last;
    if (performance.now() >= deadlineMs) return result(page, encodeCursor(tag, last), totalCount);
  }
}

function pageById(connection: ReadConnection, query: Query, afterId: number): Page<WireLogRow> {
  const { filter, cursor } = query;
  const tag = 'logs by id';
  let lower = cursor == null ? afterId : decodeCursor(tag, ['number'] as const, cursor)[0];
  const residual = residualConditions(filter);
  // Unary plus: these must not lead away from the order of ids to an index.
  if (filter.session_id != null) residual.add('+session_id = ?', filter.session_id);
  const { lower: since, upper: until } = timeBounds(filter);
  residual.add('(+seconds, nanos, id) > (?, ?, ?)', ...since);
  residual.add('(+seconds, nanos, id) < (?, ?, ?)', ...until);
  const statement = connection.prepare(
    `SELECT ${LOG_COLUMNS} FROM logs WHERE id > ? AND id <= ?${residual.andSql} ORDER BY id LIMIT ?`,
  );
  const head = connection.value<number>('SELECT coalesce(max(id), 0) FROM logs') ?? 0;
  const deadlineMs = performance.now() + connection.budgetMs;
  const page = new PageRows<WireLogRow>(query.limit);
  while (lower < head) {
    const upper = Math.min(head, lower + SLICE_ROWS);
    const rows = statement.iterate(
      lower,
      upper,
      ...residual.values,
      page.wanted,
    ) as IterableIterator<LogRow>;
    for (const row of rows) {
      if (!page.add(wireRow(row))) break;
    }
    lower = page.isFull ? page.rows.at(-1)!.id : upper;
    if (page.isFull || performance.now() >= deadlineMs) break;
  }
  const next = lower < head ? encodeCursor(tag, [lower]) : undefined;
  return { ...result(page, next, undefined), through: Math.max(lower, afterId) };
}

function sliceBounds(
  bounds: { lower: TimeKey; upper: TimeKey },
  isNewest: boolean,
  end: Record<string, number> | undefined,
): { lower: TimeKey; upper: TimeKey } {
  if (!end) return bounds;
  const [seconds, nanos, id] = [end['seconds']!, end['nanos']!, end['id']!];
  return isNewest
    ? { lower: [seconds, nanos, id - 1], upper: bounds.upper }
    : { lower: bounds.lower, upper: [seconds, nanos, id + 1] };
}

/** since belongs to the range, until does not. */
function timeBounds({ since, until }: LogFilter): { lower: TimeKey; upper: TimeKey } {
  return { lower: since ? keyAt(since) : FIRST_KEY, upper: until ? keyAt(until) : LAST_KEY };
}

function keyAt(text: string): TimeKey {
  const { seconds, nanos } = filterTime(text);
  return [seconds, nanos, 0];
}

function sessionCondition(filter: LogFilter): Conditions {
  const conditions = new Conditions();
  if (filter.session_id != null) conditions.add('session_id = ?', filter.session_id);
  return conditions;
}

function countAll(
  connection: ReadConnection,
  filter: LogFilter,
  { lower, upper }: { lower: TimeKey; upper: TimeKey },
): number {
  const session = sessionCondition(filter);
  const residual = residualConditions(filter);
  const sql = `SELECT count(*) FROM logs WHERE ${BETWEEN}${session.andSql}${residual.andSql}`;
  return connection.value<number>(sql, ...lower, ...upper, ...session.values, ...residual.values)!;
}

function result(
  page: PageRows<WireLogRow>,
  next: string | undefined,
  totalCount: number | undefined,
): Page<WireLogRow> {
  return {
    rows: page.rows,
    totalCount: totalCount ?? page.rows.length,
    ...(next !== undefined && { next }),
  };
}

function wireRow(row: LogRow): WireLogRow {
  return {
    id: row.id,
    timestamp: timeText(row.seconds, row.nanos),
    level: wordOf(LEVELS, row.level),
    component: row.component,
    session_id: row.session_id,
    message: row.message,
    metadata: row.metadata === null ? null : parseJsonText(row.metadata),
    ...(row.tenant_id !== null && { tenant_id: row.tenant_id }),
    ...(row.user_id !== null && { user_id: row.user_id }),
  };
}
