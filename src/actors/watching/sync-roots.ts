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

/** Asks every watcher concerned; the answer comes when the last one has everything recorded. */
export function syncRoots(
  { paths, reply }: SyncRootsRequest,
  table: RootTable,
  watcher: (path: BytePath) => ActorRef<WatcherMessage>,
): void {
  const byRoot = pathsByRoot(paths, table);
  if (byRoot instanceof CodiError) {
    reply({ ok: false, error: byRoot });
    return;
  }
  let left = byRoot.size;
  if (left === 0) reply({ ok: true, result: { roots: 0 } });
  let failed: CodiError | undefined;
  for (const [root, wanted] of byRoot) {
    const sent = watcher(root.path).send({
      type: 'sync',
      ...(wanted && { paths: wanted }),
      reply: (outcome) => {
        if (!outcome.ok) failed ??= outcome.error;
        if (--left > 0) return;
        reply(failed ? { ok: false, error: failed } : { ok: true, result: { roots: byRoot.size } });
      },
    });
    if (sent !== 'queued') {
      const error = new CodiError('CODI_SYNC_FAILED', { reason: 'its watcher restarts' });
      reply({ ok: false, error });
      return;
    }
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
