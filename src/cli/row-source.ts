import type { Command } from 'commander';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { AnswerOf } from '../client/answers.ts';
import type { MonitorClient } from '../client/monitor-client.ts';
import type { BodyOf, EventRow, LogRow } from '../protocol/messages.ts';
import type { Invocation } from './invocation.ts';

type RowRequest = 'QueryLogs' | 'QueryEvents';

/** Who answers questions about rows: the daemon, or its files when it does not run. */
export interface RowSource {
  request<Kind extends RowRequest>(kind: Kind, body: BodyOf<Kind>): Promise<AnswerOf[Kind]>;
}

export interface RowPage<Row> {
  rows: readonly Row[];
  next: string | undefined;
  /** The highest number in the stream when the page was read; unknown from an older daemon. */
  head: number | undefined;
  /** How many there are in all, about, if that was asked. */
  estimate: number | undefined;
  /** It covers entries that are in the archive, which was not asked for. */
  reachesArchive: boolean;
  /** Archive segments that could not be read. */
  damaged: readonly DamagedFile[];
  /** Of what comes after a number, rows up to here are not all there any more. */
  prunedThrough?: number | undefined;
}

export interface DamagedFile {
  file: string;
  reason: string;
}

/** Asks for a page of one stream. */
export type AskPage<Row> = (page: {
  limit: number;
  order: 'newest' | 'oldest';
  cursor: string | undefined;
  wantsEstimate?: boolean;
}) => Promise<RowPage<Row>>;

export function logPages(
  source: RowSource,
  filter: BodyOf<'QueryLogs'>['filter'],
  withArchive = false,
): AskPage<LogRow> {
  return async ({ limit, order, cursor, wantsEstimate }) => {
    const answer = await source.request('QueryLogs', {
      filter,
      limit,
      order,
      count: wantsEstimate ? 'estimate' : 'none',
      ...(cursor !== undefined && { cursor }),
      ...(withArchive && { include_archived: true }),
    });
    return {
      rows: answer.entries,
      next: answer.next ?? undefined,
      head: answer.head ?? undefined,
      estimate: answer.total_is == null ? undefined : answer.total_count,
      ...archiveOf(answer),
    };
  };
}

export function eventPages(
  source: RowSource,
  filter: BodyOf<'QueryEvents'>['filter'],
  withArchive = false,
): AskPage<EventRow> {
  return async ({ limit, order, cursor }) => {
    const page = {
      filter,
      limit,
      order,
      ...(cursor !== undefined && { cursor }),
      ...(withArchive && { include_archived: true }),
    };
    const answer = await source.request('QueryEvents', page);
    return {
      rows: answer.events,
      next: answer.next ?? undefined,
      head: answer.head ?? undefined,
      estimate: undefined,
      prunedThrough: answer.pruned_through ?? undefined,
      ...archiveOf(answer),
    };
  };
}

function archiveOf({ archived, damaged }: AnswerOf[RowRequest]) {
  return { reachesArchive: (archived ?? 0) > 0, damaged: damaged ?? [] };
}

/** The numbers of the last rows: what comes later is live. */
export async function headsOf(source: RowSource): Promise<{ logs: number; events: number }> {
  const newest = { limit: 1, order: 'newest' as const, cursor: undefined };
  const [logs, events] = await Promise.all([
    logPages(source, {})(newest),
    eventPages(source, {})(newest),
  ]);
  return {
    logs: logs.head ?? logs.rows[0]?.id ?? 0,
    events: events.head ?? events.rows[0]?.seq ?? 0,
  };
}

export function addArchivedOption(command: Command): Command {
  return command.option('--archived', 'also what retention has moved into the archive');
}

export function addOfflineOption(command: Command): Command {
  return command.option('--offline', 'read the files themselves, while no daemon runs');
}

/** Runs with the daemon as the source, or with its files. `client` is there only with the daemon. */
export async function withRowSource<T>(
  invocation: Invocation,
  isOffline: boolean,
  use: (source: RowSource, client: MonitorClient | undefined) => Promise<T>,
): Promise<T> {
  if (!isOffline) {
    const client = await invocation.connect().catch(withOfflineHint);
    return invocation.closing(client, (open) => use(open, open));
  }
  const [{ dataDir }, { openOffline }] = await Promise.all([
    invocation.endpoint(),
    import('./offline-store.ts'),
  ]);
  const store = await openOffline(dataDir, invocation);
  try {
    return await use(store, undefined);
  } finally {
    await store.close();
  }
}

/** Rows can be read without a daemon as well. */
function withOfflineHint(error: unknown): never {
  if (!isCodiError(error) || error.code !== 'CODI_UNREACHABLE') throw error;
  const hint = 'start it with `codi up`, or read the files without it: --offline';
  throw new CodiError(error.code, error.details, { cause: error, hint });
}
