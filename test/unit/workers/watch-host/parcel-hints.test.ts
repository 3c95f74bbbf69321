import type { Event, SubscribeCallback } from '@parcel/watcher';
import { expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { ParcelHints } from '#codi/workers/watch-host/parcel-hints.js';

async function subscribed(root = '/root') {
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
      onTrouble: (reason) => told.push(`trouble ${reason}`),
    },
    {
      subscribe: async (_directory, given, options) => {
        callback = given;
        ignore = options.ignore ?? [];
        return { unsubscribe: async () => void told.push('unsubscribed') };
      },
      backend: 'inotify',
      lateWatches: undefined,
      watchedInodes: () => undefined,
      lateBudget: 10,
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
