import { countLogs } from './count-logs.ts';
import { HITS_AMONG, hitsOf } from './full-text-search.ts';
import { logSource, residualConditions, type LogFilter } from './log-filter.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import type { Conditions } from './sql-conditions.ts';
import { IN_RANGE, rangeOf, timeOrder } from './time-key.ts';

/** Up to so many entries in the range are counted instead of estimated. */
const COUNTED_ROWS = 2_000;
const COUNTING_MS = 50;
const SAMPLE_ROWS = 500;
/** Entries at each end of the range, of which the middle id stands for the end: some come late. */
const EDGE_ROWS = 15;
const GOLDEN_RATIO = 0.618_033_988_75;
const MIDDLE = EDGE_ROWS >> 1;

/**
 * About how many entries there are, without a scan: the ids at both ends of the time range say how many lie
 * between, and a sample of them says how many of these match. Few ones are counted.
 */
export function estimateLogs(
  connection: ReadConnection,
  filter: LogFilter,
): Pick<Page<never>, 'totalCount' | 'totalIs'> {
  const residual = residualConditions(filter);
  const source = logSource(filter);
  const { lower, upper } = rangeOf(filter);
  const values = [...source.values, ...lower, ...upper];
  const from = `FROM ${source.sql} ${IN_RANGE}`;
  const bounded = `SELECT id ${from} LIMIT ${COUNTED_ROWS + 1}`;
  const few = connection.value<number>(`SELECT count(*) FROM (${bounded})`, ...values)!;
  // A rare word has few hits, which are soon counted; a frequent one is in the sample.
  if (few <= COUNTED_ROWS || filter.full_text) {
    const { count, next } = countLogs(connection, filter, COUNTING_MS);
    if (!next) return { totalCount: count, totalIs: 'exact' };
  }
  const ids = idsBetween(connection, filter);
  if (!ids) return { totalCount: 0, totalIs: 'estimate' };
  if (filter.session_id != null) residual.add('session_id = ?', filter.session_id);
  if (filter.full_text) {
    residual.add(HITS_AMONG, hitsOf(connection, filter.full_text));
  }
  return {
    totalCount: Math.round(ids.count * shareOf(connection, ids, residual)),
    totalIs: 'estimate',
  };
}

interface IdRange {
  first: number;
  count: number;
}

function idsBetween(connection: ReadConnection, filter: LogFilter): IdRange | undefined {
  const { lower, upper } = rangeOf(filter);
  const edge = (isNewest: boolean): number | undefined => {
    const ids = connection
      .prepare(
        `SELECT id FROM logs INDEXED BY logs_time WHERE ${IN_RANGE} ${timeOrder(isNewest)} LIMIT ${EDGE_ROWS}`,
      )
      .all(...lower, ...upper) as { id: number }[];
    const sorted = ids.map(({ id }) => id).sort((left, right) => left - right);
    return sorted[Math.min(MIDDLE, sorted.length - 1)];
  };
  const one = edge(false);
  const other = edge(true);
  if (one === undefined || other === undefined) return undefined;
  const first = Math.min(one, other);
  return { first, count: Math.max(one, other) - first + 1 + 2 * MIDDLE };
}

/** The part of a sample, spread evenly over the ids, that matches. */
function shareOf(
  connection: ReadConnection,
  { first, count }: IdRange,
  residual: Conditions,
): number {
  if (residual.isEmpty) return 1;
  const size = Math.min(SAMPLE_ROWS, count);
  // One in each of `size` equal parts, at a place that no regular pattern of entries meets.
  const ids = Array.from(
    { length: size },
    (_, at) => first + Math.floor(((at + ((at * GOLDEN_RATIO) % 1)) * count) / size),
  );
  const sql = `SELECT 1 FROM logs WHERE id = ?${residual.andSql}`;
  const statement = connection.prepare(sql);
  const matches = ids.filter((id) => statement.get(id, ...residual.values) !== undefined);
  return matches.length / size;
}
