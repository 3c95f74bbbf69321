import { HostRouter } from '#codi/actors/watching/host-router.js';
import { RootTable } from '#codi/actors/watching/root-table.js';
import type { WatcherMessage } from '#codi/actors/watching/watcher-ports.js';
import { watcherSpec } from '#codi/actors/watching/watcher.actor.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { packIndex } from '#codi/protocol/index-page.js';
import type { FromWatchHost, ToWatchHost } from '#codi/workers/watch-host/watch-host.messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry } from '../../../support/actor-world.ts';
import {
  indexRow,
  ROOT_OPTIONS,
  watchedRoot,
  WATCHED_STATUS as STATUS,
  type HostWord,
} from '../../../support/fake-watch-host.ts';
import { GapWorld, gapPorts } from '../../../support/gaps.ts';

const PATH = bytePathFromUtf8('/desk');

let world: ActorWorld;
let router: HostRouter;
let table: RootTable;
let gaps: GapWorld;
let posted: ToWatchHost[];
let openings: ((opened: { rootId: number; lastSequence: number; isNew: boolean }) => void)[];
let moves: number[];
/** Rows of the recorded index, and how many of all are directories. */
let recorded: { rows: number; directories: number };

const kinds = () => posted.map(({ type }) => type);
const watch = () => posted.findLast((message) => message.type === 'watch')?.root ?? 0;
const shown = () => table.get(1)?.state;

function hostUp(): Promise<void> {
  router.hostUp('host-1', 1, (message) => posted.push(message));
  return world.settle();
}

async function opened(lastSequence = 0): Promise<void> {
  openings.at(-1)!({ rootId: 7, lastSequence, isNew: lastSequence === 0 });
  await world.settle();
}

async function says(message: HostWord): Promise<void> {
  router.deliver('host-1', { ...message, root: watch() } as FromWatchHost);
  await world.settle();
}

async function watching(): Promise<void> {
  await hostUp();
  await opened();
  await says({ type: 'watching', durationMs: 1, ...STATUS });
}

function pageOf(rows: number) {
  return packIndex(Array.from({ length: rows }, (_, index) => indexRow(`d${index}`, 1)));
}

beforeEach(async () => {
  recorded = { rows: 0, directories: 0 };
  router = new HostRouter();
  table = new RootTable(() => undefined);
  gaps = new GapWorld();
  [posted, openings, moves] = [[], [], []];
  table.add(watchedRoot(1, PATH));
  const spec = watcherSpec(
    { root: 1, path: PATH, options: ROOT_OPTIONS },
    {
      router,
      table,
      telemetry: rememberTelemetry().telemetry,
      sessions: { isEmpty: true, sessionOf: () => undefined },
      ...gapPorts(gaps.book),
      ledger: {
        openRoot: (_path, onDone) => void openings.push(onDone),
        offerFileEvents: () => undefined,
      },
      moveToRecursiveHost: (root) => void moves.push(root),
      indexPage: async (_path, after) => pageOf(after === undefined ? recorded.rows : 0),
      countDirectories: async (_path, limit) => Math.min(limit, recorded.directories),
      loadIndex: async () => [],
    },
  );
  world = await ActorWorld.start([spec]);
});

const toRecursiveHost = async () => {
  router.hostUp('parcel-1', 1, (message) => posted.push(message));
  table.update(1, { host: 'parcel-1' });
  router.assign(1, 'parcel-1');
  await world.settle();
  await opened(1);
  router.deliver('parcel-1', { type: 'watching', durationMs: 1, root: watch(), ...STATUS });
  await world.settle();
};

test('A root with too many directories goes to a host for recursive watchers, without a doubt when nothing was watched before.', async () => {
  await hostUp();
  await opened();
  await says({ type: 'tooManyDirectories' });
  expect([moves, kinds(), shown()]).toEqual([[1], ['watch', 'index', 'unwatch'], 'starting']);
  router.hostDown('host-1', 1);
  await world.settle();
  await toRecursiveHost();
  expect(posted.at(-2)).toMatchObject({ type: 'watch', options: { isRecursiveHost: true } });
  expect([shown(), gaps.opened]).toEqual(['watching', []]);
});

test('One whose recorded index has too many directories goes there before any of it is sent.', async () => {
  recorded = { rows: 5_000, directories: 2 };
  await hostUp();
  await opened(1);
  expect([moves, kinds()]).toEqual([[1], ['watch', 'unwatch']]);
});

test('One with as many as it may have stays.', async () => {
  recorded = { rows: 5_000, directories: 1 };
  await hostUp();
  await opened(1);
  expect([moves, kinds()]).toEqual([[], ['watch', 'index', 'index']]);
});

test('What happens until the other host looks is in doubt when it was watched before.', async () => {
  await watching();
  await says({ type: 'tooManyDirectories' });
  expect(gaps.reasons).toEqual({ opened: ['hints_replaced'], closed: [] });
  await toRecursiveHost();
  expect(gaps.reasons).toEqual({ opened: ['hints_replaced'], closed: ['hints_replaced'] });
});

test('It stays, one watch for each, when there is no such host.', async () => {
  await watching();
  await says({ type: 'tooManyDirectories' });
  world.system.ref<WatcherMessage>(PATH).send({ type: 'stay' });
  router.assign(1, 'host-1');
  await world.settle();
  await opened(1);
  const order = posted.findLast(({ type }) => type === 'watch');
  expect(order).toMatchObject({ options: { hintSource: 'fs', isRecursiveHost: false } });
  await says({ type: 'watching', durationMs: 1, ...STATUS });
  expect([shown(), moves]).toEqual(['watching', [1]]);
});
