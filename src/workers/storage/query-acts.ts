import { parseJsonText } from '../../protocol/json-text.ts';
import type { ActRow, BodyOf } from '../../protocol/messages.ts';
import type { ActRow as StoredAct } from './canonical.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { PageRows } from './page-rows.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { filterTime, timeText } from './row-values.ts';
import { Conditions } from './sql-conditions.ts';

const COLUMNS = 'seq, seconds, nanos, kind, subject, actor, data, tenant_id, user_id';

/** A page of administrative acts, in order of seq. There are few of them, so a page may scan. */
export function queryActs(connection: ReadConnection, query: BodyOf<'QueryActs'>): Page<ActRow> {
  const { filter, cursor } = query;
  const isNewest = filter.after_seq == null && query.order !== 'oldest';
  const tag = isNewest ? 'acts newest' : 'acts oldest';
  const conditions = conditionsOf(filter);
  if (cursor != null) {
    const [seq] = decodeCursor(connection, tag, ['number'] as const, cursor);
    conditions.add(isNewest ? 'seq < ?' : 'seq > ?', seq);
  }
  const page = new PageRows<ActRow>(query.limit);
  const rows = connection
    .prepare(
      `SELECT ${COLUMNS} FROM acts WHERE seq > 0${conditions.andSql}
       ORDER BY seq ${isNewest ? 'DESC' : 'ASC'} LIMIT ?`,
    )
    .iterate(...conditions.values, page.wanted) as IterableIterator<StoredAct>;
  let last = 0;
  for (const row of rows) {
    if (!page.add(wireRow(row)))
      return { rows: page.rows, next: encodeCursor(connection, tag, [last]) };
    last = row.seq;
  }
  return { rows: page.rows };
}

function conditionsOf(filter: BodyOf<'QueryActs'>['filter']): Conditions {
  const conditions = new Conditions();
  if (filter.since != null) {
    const { seconds, nanos } = filterTime(filter.since);
    conditions.add('(seconds, nanos) >= (?, ?)', seconds, nanos);
  }
  if (filter.until != null) {
    const { seconds, nanos } = filterTime(filter.until);
    conditions.add('(seconds, nanos) < (?, ?)', seconds, nanos);
  }
  if (filter.kind != null) conditions.add('kind = ?', filter.kind);
  if (filter.subject != null) conditions.add('subject = ?', filter.subject);
  if (filter.after_seq != null) conditions.add('seq > ?', filter.after_seq);
  return conditions;
}

function wireRow(row: StoredAct): ActRow {
  return {
    seq: row.seq,
    time: timeText(row.seconds, row.nanos),
    kind: row.kind,
    subject: row.subject,
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.data !== null && { data: parseJsonText(row.data) }),
    ...(row.tenant_id !== null && { tenant_id: row.tenant_id }),
    ...(row.user_id !== null && { user_id: row.user_id }),
  };
}
