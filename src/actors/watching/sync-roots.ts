import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { ActorRef } from '../../supervisor/index.ts';
import type { RootTable, WatchedRoot } from './root-table.ts';
import type { WatcherMessage } from './watcher-ports.ts';

export type Reply<Result> = (
  outcome: { ok: true; result: Result } | { ok: false; error: CodiError },
) => void;

export interface SyncRootsRequest {
  type: 'sync';
  /** Absolute; none means all roots. */
  paths: BytePath[];
  reply: Reply<{ roots: number }>;
}

export interface SyncRootsPorts {
  table: RootTable;
  children: { watcher(path: BytePath): ActorRef<WatcherMessage> };
}

/**
 * Asks every watcher concerned; the answer comes when the last one has everything recorded. Where all roots are meant,
 * one that is removed meanwhile is none of them.
 */
export function syncRoots(
  { paths, reply }: SyncRootsRequest,
  { table, children }: SyncRootsPorts,
  removed: ReadonlySet<BytePath>,
): void {
  const byRoot = pathsByRoot(paths, table);
  if (byRoot instanceof CodiError) {
    reply({ ok: false, error: byRoot });
    return;
  }
  let left = byRoot.size;
  let roots = 0;
  if (left === 0) reply({ ok: true, result: { roots } });
  let failed: CodiError | undefined;
  const answered = (root: BytePath, error: CodiError | undefined) => {
    if (!error) roots += 1;
    else if (paths.length > 0 || !removed.has(root)) failed ??= error;
    if (--left > 0) return;
    reply(failed ? { ok: false, error: failed } : { ok: true, result: { roots } });
  };
  for (const [root, wanted] of byRoot) {
    const sent = children.watcher(root.path).send({
      type: 'sync',
      ...(wanted && { paths: wanted }),
      reply: (outcome) => answered(root.path, outcome.ok ? undefined : outcome.error),
    });
    if (sent !== 'queued')
      answered(root.path, new CodiError('CODI_SYNC_FAILED', { reason: 'its watcher restarts' }));
  }
}

/** Which root each path lies in, and where there; a root without paths is meant as a whole. */
function pathsByRoot(
  paths: readonly BytePath[],
  table: RootTable,
): Map<WatchedRoot, BytePath[] | undefined> | CodiError {
  const byRoot = new Map<WatchedRoot, BytePath[] | undefined>();
  for (const root of paths.length === 0 ? table.all() : []) byRoot.set(root, undefined);
  for (const path of paths) {
    const root = table.covering(path);
    if (!root) {
      const what = `watched folder that holds ${showBytePath(path).path}`;
      return new CodiError('CODI_NOT_FOUND', { what });
    }
    const prefixLength = root.path === '/' ? 1 : root.path.length + 1;
    const relative = path.slice(prefixLength) as BytePath;
    byRoot.set(root, [...(byRoot.get(root) ?? []), relative]);
  }
  return byRoot;
}
