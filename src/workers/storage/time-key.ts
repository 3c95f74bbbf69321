import type { LogFilter } from './log-filter.ts';
import type { LogRow } from './canonical.ts';
import { filterTime } from './row-values.ts';

/** (seconds, nanos, id): the order of time. Ids begin at 1, so id 0 stands before all of a moment. */
export type TimeKey = [seconds: number, nanos: number, id: number];
/** What lies between two keys, without them. */
export interface TimeRange {
  lower: TimeKey;
  upper: TimeKey;
}

export const FIRST_KEY: TimeKey = [Number.MIN_SAFE_INTEGER, 0, 0];
const LAST_KEY: TimeKey = [Number.MAX_SAFE_INTEGER, 0, 0];

/** Its values are those of `lower`, then those of `upper`. */
export const IN_RANGE = '(seconds, nanos, id) > (?, ?, ?) AND (seconds, nanos, id) < (?, ?, ?)';

/** The range of a filter: since belongs to it, until does not. */
export function rangeOf({ since, until }: LogFilter): TimeRange {
  return { lower: since ? keyAt(since) : FIRST_KEY, upper: until ? keyAt(until) : LAST_KEY };
}

/** ORDER BY of this order of time. */
export function timeOrder(isNewest: boolean): string {
  const direction = isNewest ? 'DESC' : 'ASC';
  return `ORDER BY seconds ${direction}, nanos ${direction}, id ${direction}`;
}

export function keyOf(row: Pick<LogRow, 'seconds' | 'nanos' | 'id'>): TimeKey {
  return [row.seconds, row.nanos, row.id];
}

/** What of a range comes behind a key, in this order of time. */
export function behind(range: TimeRange, key: TimeKey, isNewest: boolean): TimeRange {
  return isNewest ? { lower: range.lower, upper: key } : { lower: key, upper: range.upper };
}

/** What of a range comes up to a key, with it, in this order of time. */
export function upTo(range: TimeRange, key: TimeKey, isNewest: boolean): TimeRange {
  const [seconds, nanos, id] = key;
  return isNewest
    ? { lower: [seconds, nanos, id - 1], upper: range.upper }
    : { lower: range.lower, upper: [seconds, nanos, id + 1] };
}

function keyAt(text: string): TimeKey {
  const { seconds, nanos } = filterTime(text);
  return [seconds, nanos, 0];
}
