import { SESSION_BY } from '../../protocol/kinds.ts';
import type { BodyOf, EventRow } from '../../protocol/messages.ts';
import type { FileEventRow } from './canonical.ts';
import { EVENTS, KINDS, SEEN, STREAMS, wordOf } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { eventConditions, lastEventBefore } from './event-filter.ts';
import { streamEndSql } from './group-heads.ts';
import { archiveNotes, prunedThrough } from './archive/segment-spans.ts';
import { PageRows } from './page-rows.ts';
import { presentColumns } from './present-columns.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { allRoots, type KnownRoot } from './root-lookup.ts';
import { hexText, shownPath, timeText } from './row-values.ts';
import { walkNumbers, type NumberWalk } from './walk-numbers.ts';

export const EVENT_COLUMNS =
  'seq, root_id, seconds, nanos, event, kind, path, from_path, size, seen, checksum, session_id, tenant_id, user_id, old_checksum, session_by';

/** A page of file events, always in order of seq: that is the order in which they fold to the index. */
export function queryEvents(
  connection: ReadConnection,
  query: BodyOf<'QueryEvents'>,
): Page<EventRow> {
  const { filter, limit, cursor } = query;
  const isNewest = filter.after_seq == null && query.order !== 'oldest';
  const tag = isNewest ? 'events newest' : 'events oldest';
  const conditions = eventConditions(connection, filter);
  const head = connection.value<number>(streamEndSql(STREAMS.fileEvents)) ?? 0;
  // Of the stream, what is above `low` and up to `high` is still to be looked at.
  let low = Math.max(
    filter.after_seq ?? 0,
    filter.since == null ? 0 : lastEventBefore(connection, filter.since),
  );
  let high = Math.min(head, filter.through_seq ?? head);
  if (filter.recorded_before != null)
    high = Math.min(high, lastEventBefore(connection, filter.recorded_before));
  if (cursor != null) {
    const [seq] = decodeCursor(connection, tag, ['number'] as const, cursor);
    if (isNewest) high = Math.min(high, seq);
    else low = Math.max(low, seq);
  }
  const columns = presentColumns(connection, 'file_events', EVENT_COLUMNS);
  const sql = `SELECT ${columns} FROM file_events WHERE seq > ? AND seq <= ?${conditions.andSql}
     ORDER BY seq ${isNewest ? 'DESC' : 'ASC'} LIMIT ?`;
  const roots = new Map(allRoots(connection).map((root) => [root.rootId, root]));
  const page = new PageRows<EventRow>(limit);
  const walk: NumberWalk = {
    stream: 'file_events',
    isNewest,
    low,
    high,
    withArchive: query.include_archived === true,
    look: (tables, from, to) => {
      const values = [from, to, ...conditions.values, page.wanted];
      for (const row of tables.prepare(sql).iterate(...values))
        if (!page.add(wireRow(row as FileEventRow, roots))) return page.rows.at(-1)!.seq;
      return undefined;
    },
  };
  const walked = walkNumbers(connection, walk, performance.now() + connection.budgetMs);
  const isMore = walked.low < walked.high;
  return {
    rows: page.rows,
    ...(isMore && { next: encodeCursor(connection, tag, [isNewest ? walked.high : walked.low]) }),
    ...(!isNewest && { through: Math.max(walked.low, filter.after_seq ?? 0) }),
    head,
    ...archiveNotes(walked),
    ...prunedOf(connection, query),
  };
}

/** Whoever asks for what comes after a number is told when not all of it is here. */
function prunedOf(connection: ReadConnection, query: BodyOf<'QueryEvents'>) {
  const { after_seq: after, through_seq: through } = query.filter;
  if (after == null) return {};
  const withArchive = query.include_archived === true;
  const end = prunedThrough(connection, 'file_events', after, withArchive);
  return end === undefined ? {} : { prunedThrough: Math.min(end, through ?? end) };
}

export function wireRow(row: FileEventRow, roots: ReadonlyMap<number, KnownRoot>): EventRow {
  const from = row.from_path === null ? undefined : shownPath(row.from_path);
  return {
    seq: row.seq,
    time: timeText(row.seconds, row.nanos),
    root: roots.get(row.root_id)?.shown.path ?? '',
    ...shownPath(row.path),
    event: wordOf(EVENTS, row.event),
    ...(from && { from: from.path }),
    ...(from?.path_b64 !== undefined && { from_b64: from.path_b64 }),
    kind: wordOf(KINDS, row.kind),
    ...(row.size !== null && { size: row.size }),
    ...(row.checksum !== null && { checksum: hexText(row.checksum) }),
    seen: wordOf(SEEN, row.seen),
    ...(row.session_id !== null && { session_id: row.session_id }),
    ...(row.tenant_id !== null && { tenant_id: row.tenant_id }),
    ...(row.user_id !== null && { user_id: row.user_id }),
    ...(row.session_by != null && { session_by: wordOf(SESSION_BY, row.session_by) }),
    ...(row.old_checksum != null && { old_checksum: hexText(row.old_checksum) }),
  };
}
