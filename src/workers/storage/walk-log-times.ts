import type { LogRow } from './canonical.ts';
import { searchByTime } from './full-text-search.ts';
import { residualConditions, type LogFilter } from './log-filter.ts';
import { LogSlices } from './log-slices.ts';
import type { ReadConnection } from './read-connection.ts';
import { logColumns } from './stored-rows.ts';
import { keyOf, type TimeKey, type TimeRange } from './time-key.ts';

export interface TimeOrder {
  range: TimeRange;
  isNewest: boolean;
}

/** Takes rows until it is full. */
export interface RowTaker {
  readonly isFull: boolean;
  /** How many rows to read: one more than fit, to know whether there are more. */
  readonly wanted: number;
  /** False when the row does not fit any more. */
  take(row: LogRow): boolean;
}

export interface WalkLimits {
  budgetMs: number;
  /** Only entries with a higher id. */
  aboveId?: number;
}

/** Gives the entries of the tables in order of time; returns the key behind which it is to go on, if so. */
export function walkLogTimes(
  connection: ReadConnection,
  filter: LogFilter,
  order: TimeOrder,
  taker: RowTaker,
  { budgetMs, aboveId = 0 }: WalkLimits,
): TimeKey | undefined {
  if (filter.full_text) return walkWords(connection, filter, order, taker, { budgetMs, aboveId });
  const slices = new LogSlices(connection, filter, order);
  const residual = residualConditions(filter);
  if (aboveId > 0) residual.add('+id > ?', aboveId);
  const statement = connection.prepare(
    `SELECT ${logColumns(connection)} ${slices.from}${residual.andSql} ${slices.order} LIMIT ?`,
  );
  const deadlineMs = performance.now() + budgetMs;
  let last: TimeKey | undefined;
  const fill = (range: TimeRange) => {
    const values = [...slices.valuesIn(range), ...residual.values, taker.wanted];
    for (const row of statement.iterate(...values) as IterableIterator<LogRow>) {
      if (!taker.take(row)) return;
      last = keyOf(row);
    }
  };
  // Without conditions nothing is looked at in vain, so the limit alone bounds the statement.
  if (residual.isEmpty) fill(order.range);
  while (!residual.isEmpty && !taker.isFull) {
    const { isLast } = slices.look(({ range }) => fill(range));
    if (taker.isFull || isLast) break;
    last = order.isNewest ? slices.rest.upper : slices.rest.lower;
    if (performance.now() >= deadlineMs) return last;
  }
  return taker.isFull ? last : undefined;
}

function walkWords(
  connection: ReadConnection,
  filter: LogFilter,
  order: TimeOrder,
  taker: RowTaker,
  { budgetMs, aboveId = 0 }: WalkLimits,
): TimeKey | undefined {
  const deadlineMs = performance.now() + budgetMs;
  let last: TimeKey | undefined;
  for (const { key, row } of searchByTime(connection, filter, order)) {
    if (row && row.id > aboveId && !taker.take(row)) return last;
    last = key;
    if (performance.now() >= deadlineMs) return last;
  }
  return undefined;
}
