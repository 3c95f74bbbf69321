import { HostRouter } from '#codi/actors/watching/host-router.js';
import { RootTable } from '#codi/actors/watching/root-table.js';
import type { WatcherMessage } from '#codi/actors/watching/watcher-ports.js';
import { watcherSpec } from '#codi/actors/watching/watcher.actor.js';
import { bytePathFromUtf8, type BytePath } from '#codi/protocol/byte-path.js';
import { packIndex, type IndexPage } from '#codi/protocol/index-page.js';
import type { FromWatchHost, ToWatchHost } from '#codi/workers/watch-host/watch-host.messages.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';
import {
  change,
  indexRow,
  ROOT_OPTIONS,
  watchedRoot,
  WATCHED_STATUS as STATUS,
  type HostWord,
} from '../../../support/fake-watch-host.ts';
import { gapPorts } from '../../../support/gaps.ts';
import { pending } from '../../../support/serving-world.ts';

const PATH = bytePathFromUtf8('/desk');
const EMPTY = packIndex([]);

let world: ActorWorld;
let router: HostRouter;
let table: RootTable;
let log: TelemetryLog;
let posted: ToWatchHost[];
let openings: ((opened: { rootId: number; lastSequence: number; isNew: boolean }) => void)[];
let batches: { rootId: number; sequence: number; onCommitted: () => void }[];
let indexPage: (path: BytePath, after: BytePath | undefined) => Promise<IndexPage>;
let replies: string[];

const kinds = () => posted.map(({ type }) => type);
const watch = () => posted.findLast((message) => message.type === 'watch')?.root ?? 0;
const shown = () => table.get(1)?.state;

function hostUp(epoch = 1): Promise<void> {
  router.hostUp('host-1', epoch, (message) => posted.push(message));
  return world.settle();
}

async function opened(lastSequence = 0): Promise<void> {
  openings.at(-1)!({ rootId: 7, lastSequence, isNew: lastSequence === 0 });
  await world.settle();
}

async function says(message: HostWord, root = watch()): Promise<void> {
  router.deliver('host-1', { ...message, root } as FromWatchHost);
  await world.settle();
}

const changes = (batch: number) => says({ type: 'changes', batch, events: [change('a', batch)] });

async function watching(): Promise<void> {
  await hostUp();
  await opened();
  await says({ type: 'watching', durationMs: 1, ...STATUS });
}

async function sync(): Promise<void> {
  world.system.ref<WatcherMessage>(PATH).send({
    type: 'sync',
    reply: (outcome) => void replies.push(outcome.ok ? 'ok' : outcome.error.code),
  });
  await world.settle();
}

async function commit(index: number): Promise<void> {
  batches[index]!.onCommitted();
  await world.settle();
}

beforeEach(async () => {
  router = new HostRouter();
  table = new RootTable(() => undefined);
  log = rememberTelemetry();
  [posted, openings, batches, replies, indexPage] = [[], [], [], [], async () => EMPTY];
  table.add(watchedRoot(1, PATH));
  const spec = watcherSpec(
    { root: 1, path: PATH, options: ROOT_OPTIONS },
    {
      ...{ router, table },
      ...{ telemetry: log.telemetry, sessions: { isEmpty: true, sessionOf: () => undefined } },
      ...{ ...gapPorts(), moveToRecursiveHost: () => undefined },
      ledger: {
        openRoot: (_path, onDone) => void openings.push(onDone),
        offerFileEvents: (batch) => void batches.push(batch),
      },
      ...{ countDirectories: async () => 0, loadIndex: async () => [] },
      indexPage: (path, after) => indexPage(path, after),
    },
  );
  world = await ActorWorld.start([spec]);
});

describe('on its way', () => {
  it('it opens the root, sends the recorded index page by page, and waits for the first look', async () => {
    const first = Array.from({ length: 5_000 }, (_, index) => indexRow(`f${index}`, 1));
    const asked: (string | undefined)[] = [];
    indexPage = async (_path, after) => {
      asked.push(after);
      return packIndex(after === undefined ? first : [indexRow('last', 1)]);
    };
    await hostUp();
    expect([openings.length, kinds()]).toEqual([1, []]);
    await opened();
    const areDone = posted.map((message) => 'done' in message && message.done);
    expect([...kinds(), ...areDone]).toEqual(['watch', 'index', 'index', false, false, true]);
    expect([asked, shown()]).toEqual([[undefined, 'f4999'], 'scanning']);
    await says({ type: 'watching', durationMs: 1, ...STATUS });
    expect(shown()).toBe('watching');
    expect(world.node(PATH)).toMatchObject({ state: 'watching', note: '3 files' });
  });

  it('it is watching only when what the first look found is recorded', async () => {
    await hostUp();
    await opened();
    await changes(1);
    await says({ type: 'watching', durationMs: 1, ...STATUS });
    expect(shown()).toBe('scanning');
    await commit(0);
    expect(shown()).toBe('watching');
  });

  it('it ignores an opening that belongs to an earlier host', async () => {
    await hostUp(1);
    router.hostDown('host-1', 1);
    await hostUp(2);
    openings[0]!({ rootId: 1, lastSequence: 0, isNew: true });
    await world.settle();
    expect(kinds()).toEqual([]);
    await opened(4);
    await changes(1);
    expect(batches).toMatchObject([{ rootId: 7, sequence: 5 }]);
  });

  it('it stops sending pages when the host goes between two', async () => {
    const page = pending<IndexPage>();
    indexPage = () => page.promise;
    await hostUp(1);
    await opened();
    router.hostDown('host-1', 1);
    await world.settle();
    router.hostUp('host-1', 2, (message) => posted.push(message));
    page.resolve(EMPTY);
    await world.settle();
    expect(kinds()).toEqual(['watch']);
    indexPage = async () => EMPTY;
    await opened();
    expect(kinds()).toEqual(['watch', 'unwatch', 'watch', 'index']);
  });

  it('it tries again when the index cannot be read, unless the host has gone meanwhile', async () => {
    indexPage = () => Promise.reject(new Error('the readers restart'));
    await hostUp();
    await opened();
    expect([shown(), table.get(1)?.reason]).toEqual(['failed', 'the readers restart']);
    indexPage = async () => EMPTY;
    await world.advance(1_000);
    expect(openings).toHaveLength(2);
    const page = pending<IndexPage>();
    indexPage = () => page.promise;
    await opened();
    router.hostDown('host-1', 1);
    await world.settle();
    page.reject(new Error('late'));
    await world.settle();
    expect(shown()).toBe('starting');
  });

  it('it tries again after the host failed, and hears nothing of the failed watch any more', async () => {
    await watching();
    const failed = watch();
    await says({ type: 'failed', code: 'CODI_WATCH_FAILED', message: 'no such device' });
    expect([shown(), table.get(1)?.reason]).toEqual(['failed', 'no such device']);
    await world.advance(1_000);
    await says({ type: 'changes', batch: 1, events: [] }, failed);
    expect(batches).toHaveLength(0);
    await opened();
    await says({ type: 'changes', batch: 2, events: [] }, failed);
    expect(batches).toHaveLength(0);
  });
});

describe('changes', () => {
  it('go to the ledger densely and are acknowledged after their commit', async () => {
    await hostUp();
    await opened(10);
    for (const batch of [1, 2, 3]) await changes(batch);
    expect(batches.map(({ sequence }) => sequence)).toEqual([11, 12, 13]);
    expect(kinds()).not.toContain('ack');
    await commit(0);
    await commit(2);
    // A replay that was refused is told late; it takes nothing back.
    await commit(1);
    const acks = posted.flatMap((message) => (message.type === 'ack' ? [message.batch] : []));
    expect(acks).toEqual([1, 3]);
  });

  it('of a watch that a killed predecessor had are not taken for its own', async () => {
    await watching();
    const old = watch();
    await world.kill(PATH);
    await says({ type: 'changes', batch: 9, events: [] }, old);
    expect(batches).toHaveLength(0);
    await opened();
    await says({ type: 'changes', batch: 9, events: [] }, old);
    expect(batches).toHaveLength(0);
    await changes(1);
    expect(batches).toMatchObject([{ rootId: 7, sequence: 1 }]);
  });

  it('committed after the host was lost are not acknowledged to its successor', async () => {
    await watching();
    await changes(1);
    router.hostDown('host-1', 1);
    await hostUp(2);
    await commit(0);
    expect(kinds()).not.toContain('ack');
  });
});

describe('a sync', () => {
  it('is answered when the batch that covers it is committed', async () => {
    await watching();
    await sync();
    await changes(1);
    await says({ type: 'synced', id: 1, batch: 1 });
    expect(replies).toEqual([]);
    await commit(0);
    expect(replies).toEqual(['ok']);
  });

  it('before the first look is asked after it', async () => {
    await hostUp();
    await sync();
    await opened();
    expect(kinds()).not.toContain('sync');
    await says({ type: 'watching', durationMs: 1, ...STATUS });
    expect(kinds().filter((kind) => kind === 'sync')).toHaveLength(1);
  });

  it('before a first look that finds no root is asked all the same', async () => {
    await hostUp();
    await sync();
    await opened();
    await says({ type: 'rootGone', reason: 'it was deleted' });
    await says({ type: 'synced', id: 1, batch: 0 });
    expect(replies).toEqual(['ok']);
  });

  it('is asked again of the next host', async () => {
    await watching();
    await sync();
    router.hostDown('host-1', 1);
    await watching();
    expect(kinds().filter((kind) => kind === 'sync')).toHaveLength(2);
    await says({ type: 'synced', id: 1, batch: 0 });
    expect(replies).toEqual(['ok']);
  });

  it('fails when the watcher is killed', async () => {
    await watching();
    await sync();
    await world.kill(PATH);
    expect(replies).toEqual(['CODI_SYNC_FAILED']);
  });
});

describe('a root that goes', () => {
  it('is shown as gone, and as watched when it is back', async () => {
    await watching();
    await says({ type: 'rootGone', reason: 'it was deleted' });
    expect([shown(), log.names().includes('RootGone')]).toEqual(['gone', true]);
    await says({ type: 'watching', durationMs: 1, ...STATUS });
    expect(shown()).toBe('watching');
  });

  it('stays gone when what was found before is recorded late', async () => {
    await hostUp();
    await opened();
    await changes(1);
    await says({ type: 'watching', durationMs: 1, ...STATUS });
    await says({ type: 'rootGone', reason: 'it was deleted' });
    await commit(0);
    expect(shown()).toBe('gone');
  });
});

it('When it stops it waits for what is on its way to the ledger.', async () => {
  await watching();
  await changes(1);
  const stopping = world.system.stop();
  await world.settle();
  expect([kinds().at(-1), world.node(PATH)?.state]).toEqual(['unwatch', 'stopping']);
  batches[0]!.onCommitted();
  await expect(world.during(stopping)).resolves.toMatchObject({ unstopped: [] });
  expect(router.rootsOf('host-1')).toBe(0);
});
