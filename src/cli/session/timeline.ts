import type { MonitorClient } from '../../client/monitor-client.ts';
import type { ExportRow, EventRow, LogRow, SessionRow } from '../../protocol/messages.ts';
import { listRows } from '../row-listing.ts';
import { eventPages, logPages } from '../row-source.ts';
import { FileFold, type FoldedFile } from './file-fold.ts';

export type Moment =
  | { type: 'entry'; time: string; row: LogRow }
  | { type: 'event'; time: string; row: EventRow }
  | { type: 'file'; time: string; row: FoldedFile }
  | { type: 'export'; time: string; row: ExportRow };

export interface Timeline {
  /** In the order of time. */
  moments: Moment[];
  /** What there is beyond the limits. */
  hasMoreEntries: boolean;
  hasMoreEvents: boolean;
  hasMoreExports: boolean;
  reachesArchive: boolean;
}

export interface TimelineLimits {
  /** Of entries, of exports, and of events when each is shown. */
  rows: number;
  /** Each file event instead of one line for each path. */
  isFull: boolean;
  withArchive: boolean;
}

const EVENTS_MAX = 100_000;
const PATHS_MAX = 10_000;
/** What a session changed is seen within seconds; after an hour it is looked for no more. */
const SEEN_LATE_MS = 3_600_000;

/** Everything one session did, in order. File events have no index by session: its times bound the look. */
export async function readTimeline(
  client: MonitorClient,
  session: SessionRow,
  limits: TimelineLimits,
): Promise<Timeline> {
  const entries: LogRow[] = [];
  const filter = { session_id: session.session_id };
  const order = oldest(limits.rows);
  const pages = logPages(client, filter, limits.withArchive);
  const log = await listRows(pages, order, async (row) => void entries.push(row));
  const files = await readFiles(client, session, limits);
  const { exports, next } = await client.request('QueryExports', {
    filter,
    limit: limits.rows,
    order: 'oldest',
  });
  const moments = [
    ...entries.map((row): Moment => ({ type: 'entry', time: row.timestamp, row })),
    ...files.moments,
    ...exports.map((row): Moment => ({ type: 'export', time: row.captured_at, row })),
  ];
  return {
    moments: moments.sort((one, other) => Date.parse(one.time) - Date.parse(other.time)),
    hasMoreEntries: log.next !== undefined,
    hasMoreEvents: files.hasMore,
    hasMoreExports: next != null,
    reachesArchive: log.reachesArchive || files.reachesArchive,
  };
}

async function readFiles(
  client: MonitorClient,
  { session_id, started_at, ended_at }: SessionRow,
  { rows, isFull, withArchive }: TimelineLimits,
) {
  const before =
    ended_at == null ? undefined : new Date(Date.parse(ended_at) + SEEN_LATE_MS).toISOString();
  const filter = {
    session_id,
    since: started_at,
    ...(before !== undefined && { recorded_before: before }),
  };
  const events: Moment[] = [];
  const fold = new FileFold(PATHS_MAX);
  const order = oldest(isFull ? rows : EVENTS_MAX);
  const listed = await listRows(eventPages(client, filter, withArchive), order, async (row) => {
    if (isFull) events.push({ type: 'event', time: row.time, row });
    else fold.add(row);
  });
  const folded = fold.files.map((row): Moment => ({ type: 'file', time: row.first_time, row }));
  return {
    moments: isFull ? events : folded,
    hasMore: listed.next !== undefined || fold.left > 0,
    reachesArchive: listed.reachesArchive,
  };
}

function oldest(limit: number) {
  return {
    limit,
    order: 'oldest' as const,
    cursor: undefined,
    isReversed: false,
    isOwnLimit: false,
  };
}
