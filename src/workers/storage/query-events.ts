import type { BodyOf, EventRow } from '../../protocol/messages.ts';
import type { FileEventRow } from './canonical.ts';
import { EVENTS, KINDS, SEEN, STREAMS, wordOf } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { eventConditions, lastEventBefore } from './event-filter.ts';
import { streamEndSql } from './group-heads.ts';
import { PageRows } from './page-rows.ts';
import type { ReadConnection } from './read-connection.ts';
import type { Page } from './reader.messages.ts';
import { allRoots, type KnownRoot } from './root-lookup.ts';
import { hexText, shownPath, timeText } from './row-values.ts';
import { SliceSize } from './slice-size.ts';

const COLUMNS =
  'seq, root_id, seconds, nanos, event, kind, path, from_path, size, seen, checksum, session_id, tenant_id, user_id';

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
  if (cursor != null) {
    const [seq] = decodeCursor(connection, tag, ['number'] as const, cursor);
    if (isNewest) high = Math.min(high, seq);
    else low = Math.max(low, seq);
  }
  const statement = connection.prepare(
    `SELECT ${COLUMNS} FROM file_events WHERE seq > ? AND seq <= ?${conditions.andSql}
     ORDER BY seq ${isNewest ? 'DESC' : 'ASC'} LIMIT ?`,
  );
  const roots = new Map(allRoots(connection).map((root) => [root.rootId, root]));
  const deadlineMs = performance.now() + connection.budgetMs;
  const page = new PageRows<EventRow>(limit);
  const size = new SliceSize();
  while (low < high) {
    const from = isNewest ? Math.max(low, high - size.rows) : low;
    const to = isNewest ? high : Math.min(high, low + size.rows);
    size.measure(() => {
      for (const row of statement.iterate(from, to, ...conditions.values, page.wanted)) {
        if (!page.add(wireRow(row as FileEventRow, roots))) return;
      }
    });
    const last = page.rows.at(-1)?.seq;
    if (isNewest) high = page.isFull ? last! - 1 : from;
    else low = page.isFull ? last! : to;
    if (page.isFull || performance.now() >= deadlineMs) break;
  }
  return {
    rows: page.rows,
    ...(low < high && { next: encodeCursor(connection, tag, [isNewest ? high : low]) }),
    ...(!isNewest && { through: Math.max(low, filter.after_seq ?? 0) }),
    head,
  };
}

function wireRow(row: FileEventRow, roots: ReadonlyMap<number, KnownRoot>): EventRow {
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
  };
}
