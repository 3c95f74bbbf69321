import { MemberTables } from './archive/member-tables.ts';
import { HITS_BETWEEN, hitsOf } from './full-text-search.ts';
import { residualConditions, type LogFilter } from './log-filter.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Conditions } from './sql-conditions.ts';
import { rangeOf } from './time-key.ts';
import type { NumberWalk } from './walk-numbers.ts';

/** All of a filter as conditions that do not lead away from the order of ids. */
export function conditionsById(filter: LogFilter): Conditions {
  const conditions = residualConditions(filter);
  if (filter.session_id != null) conditions.add('session_id = ?', filter.session_id);
  const { lower, upper } = rangeOf(filter);
  if (filter.since != null) conditions.add('(seconds, nanos, id) > (?, ?, ?)', ...lower);
  if (filter.until != null) conditions.add('(seconds, nanos, id) < (?, ?, ?)', ...upper);
  return conditions;
}

/** How to look at the entries of a filter between two ids: `SELECT … FROM logs`, and what comes behind. */
export function idWalk<Row>(
  connection: ReadConnection,
  filter: LogFilter,
  select: { what: string; behind: string; behindValues(): unknown[] },
  visit: (rows: Iterable<Row>) => number | undefined,
): NumberWalk['look'] {
  const conditions = conditionsById(filter);
  const words = filter.full_text ? hitsOf(connection, filter.full_text) : undefined;
  const andWords = words === undefined ? '' : ` AND ${HITS_BETWEEN}`;
  const sql = `SELECT ${select.what} FROM logs NOT INDEXED
    WHERE id > ? AND id <= ?${conditions.andSql}${andWords} ${select.behind}`;
  return (tables, low, high) => {
    if (words !== undefined && tables instanceof MemberTables) tables.indexWords();
    const between = words === undefined ? [] : [words, low + 1, high];
    const values = [low, high, ...conditions.values, ...between, ...select.behindValues()];
    return visit(tables.prepare(sql).iterate(...values) as Iterable<Row>);
  };
}
