import { HostRouter, type HostNews } from '#codi/actors/watching/host-router.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { ActorRef } from '#codi/supervisor/index.js';
import type { FromWatchHost, ToWatchHost } from '#codi/workers/watch-host/watch-host.messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ROOT_OPTIONS } from '../../../support/fake-watch-host.ts';

const PATH = bytePathFromUtf8('/desk');

let router: HostRouter;
let posted: ToWatchHost[];
let news: HostNews[];
const ref: ActorRef<HostNews> = {
  name: 'watcher',
  send: (message) => {
    news.push(message);
    return 'queued';
  },
};
const hostUp = (epoch: number) => router.hostUp('host', epoch, (message) => posted.push(message));
const changes = (root: number): FromWatchHost => ({ type: 'changes', root, batch: 1, events: [] });

beforeEach(() => {
  router = new HostRouter();
  posted = [];
  news = [];
});

test('Watchers and hosts find each other, whoever comes first.', () => {
  hostUp(3);
  router.attachWatcher(1, 'host', ref);
  router.attachWatcher(2, 'other', ref);
  expect(news).toEqual([{ type: 'hostUp', hostEpoch: 3 }]);
  router.hostDown('host', 3);
  hostUp(4);
  expect(news.slice(1)).toEqual([
    { type: 'hostDown', hostEpoch: 3 },
    { type: 'hostUp', hostEpoch: 4 },
  ]);
  expect(router.rootsOf('host')).toBe(1);
});

test('A host that was replaced cannot take its successor down.', () => {
  hostUp(1);
  hostUp(2);
  router.attachWatcher(1, 'host', ref);
  news.length = 0;
  router.hostDown('host', 1);
  router.watch(1, PATH, ROOT_OPTIONS);
  expect([news, posted.length]).toEqual([[], 1]);
});

test('Every watch has a number of its own, and orders carry the present one.', () => {
  hostUp(1);
  router.attachWatcher(1, 'host', ref);
  router.post(1, { type: 'ack', batch: 9 });
  expect(router.watch(1, PATH, ROOT_OPTIONS)).toBe(1);
  expect(router.watch(1, PATH, ROOT_OPTIONS)).toBe(2);
  router.post(1, { type: 'ack', batch: 1 });
  expect(posted.map(({ type, ...rest }) => [type, 'root' in rest ? rest.root : 0])).toEqual([
    ['watch', 1],
    ['unwatch', 1],
    ['watch', 2],
    ['ack', 2],
  ]);
});

test('What a host says of a watch that has ended reaches nobody.', () => {
  hostUp(1);
  router.attachWatcher(1, 'host', ref);
  router.watch(1, PATH, ROOT_OPTIONS);
  router.detachWatcher(1);
  router.attachWatcher(1, 'host', ref);
  news.length = 0;
  router.deliver('host', changes(1));
  const watch = router.watch(1, PATH, ROOT_OPTIONS);
  router.deliver('host', changes(1));
  router.deliver('another host', changes(watch));
  router.deliver('host', { type: 'sys.ready' });
  router.deliver('host', changes(watch));
  expect(news).toEqual([{ type: 'fromHost', watch, message: changes(watch) }]);
});

test('Orders for a host that is away, or of a root nobody watches, are dropped.', () => {
  router.attachWatcher(1, 'host', ref);
  expect(router.watch(1, PATH, ROOT_OPTIONS)).toBeGreaterThan(0);
  expect(router.watch(2, PATH, ROOT_OPTIONS)).toBe(0);
  router.post(2, { type: 'unwatch' });
  expect(posted).toEqual([]);
});
