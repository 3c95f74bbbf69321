import { parseJsonText } from '../../protocol/json-text.ts';
import { LEVELS, SESSION_BY } from '../../protocol/kinds.ts';
import type { LogRow as WireLogRow } from '../../protocol/messages.ts';
import type { LogRow } from './canonical.ts';
import { wordOf } from './codes.ts';
import { timeText } from './row-values.ts';

/** A stored entry as the wire has it. */
export function wireRow(row: LogRow): WireLogRow {
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
    ...(row.session_by != null && { session_by: wordOf(SESSION_BY, row.session_by) }),
  };
}
