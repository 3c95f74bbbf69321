import type { GapBook } from '#codi/actors/watching/gap-book.js';
import type { RootTable, WatchedRoot } from '#codi/actors/watching/root-table.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { encodeMessage } from '#codi/protocol/codec.js';
import type { TreeNode } from '#codi/supervisor/index.js';
import type { Shared } from '#codi/wiring/shared.js';
import { statusBody } from '#codi/wiring/status.js';
import { beforeEach, expect, test } from 'vitest';
import { fakeShared, treeNode } from '../../support/fake-shared.ts';

let workers: TreeNode[];
let shared: Shared;
let roots: RootTable;
let gaps: GapBook;

beforeEach(() => {
  workers = [treeNode('core/a', 'idle')];
  ({ shared, roots, gaps } = fakeShared(() => workers));
});

test('A daemon whose workers all work is healthy.', () => {
  shared.facts.load({ logs: 2, fileEvents: 1, lost: 0, blocks: 1, bytes: 9, lastCommitMs: 0 });
  shared.desk.register(1, () => undefined);
  const body = statusBody(shared);
  expect(body).toMatchObject({
    components: [{ name: 'core/a', state: 'idle', restarts: 2 }],
    uptime: { secs: 2, nanos: 250_000_000 },
    state: 'healthy',
    reasons: [],
    started_at: '1970-01-01T00:00:01.000Z',
    ledger: { entries: 3, blocks: 1, last_commit_at: '1970-01-01T00:00:00.000Z' },
    clients: { connected: 1 },
    restarts: { total: 0, last_hour: [] },
  });
  const id = '00000000-0000-4000-8000-000000000001';
  const timestamp = { seconds: 0, nanos: 0 };
  expect(() =>
    encodeMessage({ id, timestamp, payload: { kind: 'Status', body } }, 'msgpack'),
  ).not.toThrow();
});

test('Every reason why it is not is named.', () => {
  workers = ['backing-off', 'parked', 'refusing', 'idle'].map((state) =>
    treeNode(`core/${state}`, state),
  );
  const root = { root: 1, path: bytePathFromUtf8('/desk'), state: 'failed', files: 3 };
  roots.add({ ...root, reason: 'no such device' } as WatchedRoot);
  roots.add({
    ...root,
    root: 2,
    path: bytePathFromUtf8('/other'),
    state: 'scanning',
  } as WatchedRoot);
  shared.httpDoor.refused('the port is taken');
  shared.audit.take({ type: 'trouble', reason: 'no space' });
  gaps.open(root.path, { reason: 'unreadable', path: bytePathFromUtf8('private') });
  gaps.open(root.path, { reason: 'overflow_suspected' });
  const body = statusBody(shared);
  expect([body.state, body.watching]).toEqual(['degraded', { roots: 2, files: 6, gaps: 2 }]);
  expect(body.reasons).toEqual([
    'core/backing-off is backing off',
    'core/parked is parked',
    'core/refusing is refusing',
    'the first scan is not finished',
    '/desk: no such device',
    '/desk/private is in doubt (unreadable), see `codi watch gaps --open`',
    'the port is taken',
    'checkpoints cannot be signed: no space',
  ]);
});
