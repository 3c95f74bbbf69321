import type { Event, SubscribeCallback } from '@parcel/watcher';
import { expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { FsHints } from '#codi/workers/watch-host/fs-hints.js';
import { WatchBudget } from '#codi/workers/watch-host/watch-budget.js';
import { ParcelHints } from '#codi/workers/watch-host/parcel-hints.js';
import { PathTree, UNKNOWN_STAT } from '#codi/workers/watch-host/path-tree.js';
import { WatchSet } from '#codi/workers/watch-host/watch-set.js';

async function subscribed(
  root = '/root',
  lateWatches?: FsHints,
  watchedInodes: () => WatchSet | undefined = () => undefined,
) {
  const told: string[] = [];
  let callback: SubscribeCallback = () => {};
  let ignore: unknown[] = [];
  const hints = new ParcelHints(
    bytePathFromUtf8(root),
    {
      onHint: () => {},
      onPath: (path) => told.push(`path ${path}`),
      onSubtree: (path) => told.push(`subtree ${path}`),
      onLost: () => told.push('lost'),
      onStale: () => told.push('stale'),
      onExhausted: (reason) => told.push(`exhausted ${reason}`),
      onUnaffordable: (reason) => told.push(`unaffordable ${reason}`),
      onTrouble: (reason) => told.push(`trouble ${reason}`),
    },
    {
      subscribe: async (_directory, given, options) => {
        callback = given;
        ignore = options.ignore ?? [];
        return { unsubscribe: async () => void told.push('unsubscribed') };
      },
      backend: 'inotify',
      lateWatches,
      watchedInodes,
      inTurn: (work) => work(),
      lateBudget: 2,
      budget: new WatchBudget(
        () => undefined,
        () => 0,
      ),
      useDefaultIgnores: true,
    },
  );
  await hints.start();
  const send = (...paths: string[]) =>
    callback(
      null,
      paths.map((path): Event => ({ path, type: 'update' })),
    );
  return { hints, told, send, fail: (message: string) => callback(new Error(message), []), ignore };
}

test('Events are hints at paths, and damaged names make the directory above suspect.', async () => {
  const { told, send } = await subscribed();
  send('/root/a', '/root/ü/x\ufffdy/z');
  expect(told).toEqual(['path /root/a', `subtree /root/${Buffer.from('ü').toString('latin1')}`]);
});

test('So many events at once that some may be missing are told as lost hints, errors as trouble.', async () => {
  const { told, send, fail } = await subscribed();
  send(...Array.from({ length: 4_096 }, (_, index) => `/root/${index}`));
  expect(told[0]).toBe('lost');
  fail('Unable to poll');
  expect(told.at(-1)).toBe('trouble Unable to poll');
});

test('After it is closed it gives no hints.', async () => {
  const { hints, told, send } = await subscribed();
  await hints.close();
  send('/root/a');
  expect(told).toEqual(['unsubscribed']);
});

test('Default ignores are passed on unless the root itself lies in an ignored directory.', async () => {
  const [ignored] = (await subscribed()).ignore as [RegExp];
  expect(ignored.test('/root/node_modules/x')).toBe(true);
  expect(ignored.test('/root/my_node_modules/x')).toBe(false);
  expect((await subscribed('/a/node_modules/b')).ignore).toEqual([]);
});

test('A root whose path is not UTF-8 is refused.', async () => {
  const hints = new ParcelHints('/r\xff' as never, {} as never, {} as never);
  await expect(hints.start()).rejects.toThrow('UTF-8');
});

/** A tree of two directories, one in the other, and a source that places watches of its own. */
async function subscribedTree(watchedInodes?: () => WatchSet, watchCount = 0) {
  const placed: string[] = [];
  const lateWatches = {
    watchCount,
    has: () => false,
    drop: () => {},
    ensure: (_directory: unknown, path: string) => (placed.push(path), 'added'),
  } as unknown as FsHints;
  const tree = new PathTree();
  const outer = tree.add(tree.root, 'outer', 'dir', { ...UNKNOWN_STAT, ino: 1n });
  const inner = tree.add(outer, 'inner', 'dir', { ...UNKNOWN_STAT, ino: 2n });
  const nodes = [tree.root, outer, inner];
  const paths = ['/root', '/root/outer', '/root/outer/inner'];
  const swept = () =>
    source.hints.swept(nodes.map((node, at) => ({ node, path: bytePathFromUtf8(paths[at]!) })));
  const source = await subscribed('/root', lateWatches, watchedInodes);
  return { ...source, placed, outer, inner, swept };
}

test('A directory that was hinted at before everything was looked through gets watches of its own, with all below it.', async () => {
  const { send, swept, placed } = await subscribedTree();
  send('/root/outer');
  swept();
  expect(placed).toEqual(['/root/outer', '/root/outer/inner']);
});

test('A covered directory that is hinted at itself may have moved: it and all below it lose their cover, once.', async () => {
  const { hints, swept, placed, outer, inner } = await subscribedTree();
  swept();
  expect(placed).toEqual([]);
  expect(hints.doubt(outer)).toBe(true);
  expect(hints.doubt(outer)).toBe(false);
  hints.ensure(inner, bytePathFromUtf8('/root/outer/inner'));
  expect(placed).toEqual(['/root/outer/inner']);
});

/** What the kernel lists before the subscription, and after it. */
function listedInTurn(...lists: number[][]): () => WatchSet {
  return () => {
    const watches = new WatchSet();
    for (const ino of lists.shift() ?? []) watches.add(7, ino);
    return watches;
  };
}

test('A directory that the process watched before the subscription gets a watch of its own: that may be of another root.', async () => {
  const { swept, placed } = await subscribedTree(listedInTurn([2], [0, 1, 2]));
  swept();
  expect(placed).toEqual(['/root/outer/inner']);
});

test('A directory that the kernel does not list gets a watch of its own.', async () => {
  const { swept, placed } = await subscribedTree(listedInTurn([], [0, 1]));
  swept();
  expect(placed).toEqual(['/root/outer/inner']);
});

test('Where more of its directories were watched before than it has room for, it is given up: nothing shows what it watches.', async () => {
  const { swept, told } = await subscribedTree(listedInTurn([0, 1, 2], [0, 1, 2]));
  swept();
  expect(told).toEqual([expect.stringMatching(/^unaffordable other roots/)]);
});
