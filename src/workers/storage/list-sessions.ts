import { parseJsonText } from '../../protocol/json-text.ts';
import type { BodyOf, SessionRow } from '../../protocol/messages.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { PageRows } from './page-rows.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { timeText } from './row-values.ts';

const TAG = 'sessions';

interface SessionColumns {
  id: string;
  identity: string;
  agent_type: string | null;
  started_seconds: number;
  started_nanos: number;
  ended_seconds: number | null;
  ended_nanos: number | null;
  metadata: string | null;
  tenant_id: string | null;
  user_id: string | null;
  /** Undefined in a store from before there were such columns: as null. */
  ended_by?: SessionRow['ended_by'];
  exit_code?: number | null;
  exit_signal?: string | null;
  ended_who?: string | null;
}

/** A page of sessions, newest first. */
export function listSessions(
  connection: ReadConnection,
  query: BodyOf<'ListSessions'>,
): Page<SessionRow> {
  const activeOnly = query.active === true ? 'AND ended_seconds IS NULL' : '';
  const thisOne = query.session_id == null ? '' : 'AND id = ?';
  const one = query.session_id == null ? [] : [query.session_id];
  const before =
    query.cursor == null
      ? [Number.MAX_SAFE_INTEGER, 0, '']
      : decodeCursor(connection, TAG, ['number', 'number', 'string'] as const, query.cursor);
  const statement = connection.prepare(
    `SELECT * FROM sessions WHERE (started_seconds, started_nanos, id) < (?, ?, ?) ${activeOnly} ${thisOne}
     ORDER BY started_seconds DESC, started_nanos DESC, id DESC LIMIT ?`,
  );
  const page = new PageRows<SessionRow>(query.limit);
  let last: SessionColumns | undefined;
  for (const row of statement.iterate(
    ...before,
    ...one,
    page.wanted,
  ) as IterableIterator<SessionColumns>) {
    if (!page.add(sessionRow(row))) {
      const { started_seconds: seconds, started_nanos: nanos, id } = last!;
      return { rows: page.rows, next: encodeCursor(connection, TAG, [seconds, nanos, id]) };
    }
    last = row;
  }
  return { rows: page.rows };
}

function sessionRow(row: SessionColumns): SessionRow {
  return {
    session_id: row.id,
    identity: row.identity,
    agent_type: row.agent_type,
    started_at: timeText(row.started_seconds, row.started_nanos),
    ended_at: row.ended_seconds === null ? null : timeText(row.ended_seconds, row.ended_nanos ?? 0),
    metadata: row.metadata === null ? null : parseJsonText(row.metadata),
    ...(row.tenant_id !== null && { tenant_id: row.tenant_id }),
    ...(row.user_id !== null && { user_id: row.user_id }),
    ...(row.ended_by != null && { ended_by: row.ended_by }),
    ...(row.exit_code != null && { exit_code: row.exit_code }),
    ...(row.exit_signal != null && { exit_signal: row.exit_signal }),
    ...(row.ended_who != null && { ended_who: row.ended_who }),
  };
}
