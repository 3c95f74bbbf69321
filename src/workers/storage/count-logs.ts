import { searchByTime } from './full-text-search.ts';
import { residualConditions, type LogFilter } from './log-filter.ts';
import { LogSlices } from './log-slices.ts';
import type { ReadConnection } from './read-connection.ts';
import { behind, rangeOf, type TimeKey, type TimeRange } from './time-key.ts';

export interface LogCount {
  count: number;
  /** Where to count on; undefined when all are counted. */
  next: TimeKey | undefined;
}

/** Counts the entries of a filter, oldest first, for so long and no longer. */
export function countLogs(
  connection: ReadConnection,
  filter: LogFilter,
  budgetMs: number,
  after?: TimeKey,
): LogCount {
  const range = rangeOf(filter);
  const rest = after ? behind(range, after, false) : range;
  if (filter.full_text) return countWords(connection, filter, { range: rest, budgetMs });
  const slices = new LogSlices(connection, filter, { range: rest, isNewest: false });
  const residual = residualConditions(filter);
  const statement = connection.prepare(`SELECT count(*) AS found ${slices.from}${residual.andSql}`);
  const deadlineMs = performance.now() + budgetMs;
  let count = 0;
  for (;;) {
    const { result, isLast } = slices.look(({ range: slice, end }) => {
      // Without conditions a whole slice is counted already.
      if (end && residual.isEmpty) return end.entries;
      const row = statement.get(...slices.valuesIn(slice), ...residual.values);
      return (row as { found: number }).found;
    });
    count += result;
    if (isLast) return { count, next: undefined };
    if (performance.now() >= deadlineMs) return { count, next: slices.rest.lower };
  }
}

function countWords(
  connection: ReadConnection,
  filter: LogFilter,
  { range, budgetMs }: { range: TimeRange; budgetMs: number },
): LogCount {
  const deadlineMs = performance.now() + budgetMs;
  let count = 0;
  for (const { key, row } of searchByTime(connection, filter, { range, isNewest: false })) {
    if (row) count += 1;
    if (performance.now() >= deadlineMs) return { count, next: key };
  }
  return { count, next: undefined };
}
