import { existsSync } from 'node:fs';
import type { MonitorClient } from '../../client/monitor-client.ts';
import type { AnswerOf } from '../../client/answers.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { BodyOf, ExportRow } from '../../protocol/messages.ts';
import {
  EXPORT_ORIGINAL_ACTS,
  ORIGINAL_OUTCOMES,
  type OriginalOutcome,
} from '../../protocol/export-words.ts';
import type { Invocation } from '../invocation.ts';
import type { StoreThread } from '../store/store-thread.ts';

export type ExportFilter = BodyOf<'QueryExports'>['filter'];

/** Who knows the rows: the daemon, or its files when none runs. */
export interface ExportSource {
  request<Kind extends 'QueryExports' | 'QueryActs'>(
    kind: Kind,
    body: BodyOf<Kind>,
  ): Promise<AnswerOf[Kind]>;
}

export interface Original {
  outcome: OriginalOutcome;
  time: string;
  to?: string;
  reason?: string;
}

const PAGE_ROWS = 1_000;

/** Rows of exports, page after page, up to `limit`. */
export async function* exportPages(
  source: ExportSource,
  filter: ExportFilter,
  choices: { limit?: number | undefined; order?: 'newest' | 'oldest' } = {},
): AsyncGenerator<readonly ExportRow[]> {
  let left = choices.limit ?? Number.POSITIVE_INFINITY;
  let cursor: string | undefined;
  while (left > 0) {
    const { exports, next } = await source.request('QueryExports', {
      filter,
      limit: Math.min(PAGE_ROWS, left),
      order: choices.order ?? 'newest',
      ...(cursor !== undefined && { cursor }),
    });
    left -= exports.length;
    if (exports.length > 0) yield exports;
    if (next == null) return;
    cursor = next;
  }
}

/** The row with this number. Rejects with CODI_NOT_FOUND. */
export async function exportRow(source: ExportSource, id: number): Promise<ExportRow> {
  for await (const [row] of exportPages(source, { id }, { limit: 1 })) if (row) return row;
  throw new CodiError('CODI_NOT_FOUND', { what: `export ${id}` }, { hint: 'see `codi export ls`' });
}

/** What was done last to the original of an export (`exports.after_capture`); null: nothing was. */
export async function originalOf(source: ExportSource, id: number): Promise<Original | null> {
  const filter = { subject: `export:${id}` };
  const { acts } = await source.request('QueryActs', { filter, limit: 10, order: 'newest' });
  for (const { kind, time, data } of acts) {
    const outcome = ORIGINAL_OUTCOMES.find((word) => EXPORT_ORIGINAL_ACTS[word] === kind);
    if (!outcome) continue;
    const { to, reason } = (data ?? {}) as { to?: string; reason?: string };
    return {
      outcome,
      time,
      ...(to !== undefined && { to }),
      ...(reason !== undefined && { reason }),
    };
  }
  return null;
}

/** The row, of which there is a content to read. */
export async function keptRow(source: ExportSource, id: number): Promise<ExportRow> {
  const row = await exportRow(source, id);
  if (row.pruned_at != null)
    throw new CodiError('CODI_EXPORT_PRUNED', { id, pruned: row.pruned_at });
  if (row.archive_path == null)
    throw new CodiError('CODI_EXPORT_NOT_KEPT', { id, state: row.state });
  return row;
}

/** Runs with a thread that reads contents: where the daemon has them that the rows came from. */
export async function withContents<T>(
  invocation: Invocation,
  use: (thread: StoreThread) => Promise<T>,
): Promise<T> {
  const dataDir = await daemonDataDir(invocation);
  const { withStoreThread } = await import('../store/store-source.ts');
  return withStoreThread(invocation, use, dataDir);
}

/**
 * Undefined where no daemon runs, where its directory is not to be seen from here (it runs in a container), or where
 * another one was named.
 */
async function daemonDataDir(invocation: Invocation): Promise<string | undefined> {
  if (invocation.globals.dataDir !== undefined) return undefined;
  try {
    const ask = (client: MonitorClient) => client.request('Health', {});
    const { data_dir: dataDir } = await invocation.withClient(ask, { attempts: 1 });
    return dataDir != null && existsSync(dataDir) ? dataDir : undefined;
  } catch (error) {
    if (!isCodiError(error) || error.code !== 'CODI_UNREACHABLE') throw error;
    return undefined;
  }
}

/** Runs with the daemon as the source, or with the files where none runs. */
export async function withExports<T>(
  invocation: Invocation,
  use: (source: ExportSource) => Promise<T>,
): Promise<T> {
  let client: MonitorClient;
  try {
    client = await invocation.connect({ attempts: 1 });
  } catch (error) {
    if (!isCodiError(error) || error.code !== 'CODI_UNREACHABLE') throw error;
    return withFiles(invocation, use);
  }
  return invocation.closing(client, use);
}

async function withFiles<T>(
  invocation: Invocation,
  use: (source: ExportSource) => Promise<T>,
): Promise<T> {
  const [{ dataDir }, { openOffline }] = await Promise.all([
    invocation.endpoint(),
    import('../offline-store.ts'),
  ]);
  const store = await openOffline(dataDir, invocation);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
