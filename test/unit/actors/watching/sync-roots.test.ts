import { expect, test } from 'vitest';
import { RootTable } from '#codi/actors/watching/root-table.js';
import { syncRoots } from '#codi/actors/watching/sync-roots.js';
import type { WatcherMessage } from '#codi/actors/watching/watcher-ports.js';
import { bytePathFromUtf8 as path, type BytePath } from '#codi/protocol/byte-path.js';
import { CodiError } from '#codi/protocol/errors.js';

const RESTARTS = new CodiError('CODI_SYNC_FAILED', { reason: 'the watcher restarts' });

/** What comes of a sync of these paths while `/b` goes; of `/a` everything is recorded. */
function outcomesOf(paths: BytePath[], removed: ReadonlySet<BytePath>): unknown[] {
  const table = new RootTable(() => undefined);
  for (const [root, at] of ['/a', '/b'].entries())
    table.add({ root, path: path(at) } as Parameters<RootTable['add']>[0]);
  const outcomes: unknown[] = [];
  const watcher = (at: BytePath) => ({
    name: at,
    send: (message: WatcherMessage) => {
      if (message.type === 'sync')
        message.reply(at === path('/a') ? { ok: true } : { ok: false, error: RESTARTS });
      return 'queued' as const;
    },
  });
  const reply = (answer: { ok: boolean; result?: unknown; error?: CodiError }) =>
    void outcomes.push(answer.ok ? answer.result : answer.error?.code);
  syncRoots({ type: 'sync', paths, reply }, { table, children: { watcher } }, removed);
  return outcomes;
}

test('A root that is removed meanwhile does not fail a sync of everything, only one of what is in it.', () => {
  const removed = new Set([path('/b')]);
  expect(outcomesOf([], removed)).toEqual([{ roots: 1 }]);
  expect(outcomesOf([path('/b/x')], removed)).toEqual(['CODI_SYNC_FAILED']);
  expect(outcomesOf([], new Set())).toEqual(['CODI_SYNC_FAILED']);
});
