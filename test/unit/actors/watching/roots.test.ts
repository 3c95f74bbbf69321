import { RootTable } from '#codi/actors/watching/root-table.js';
import {
  rootsSpec,
  type RootRequest,
  type RootsMessage,
  type StoredRoot,
} from '#codi/actors/watching/roots.actor.js';
import type { WatcherMessage } from '#codi/actors/watching/watcher-ports.js';
import type { WatcherInput } from '#codi/actors/watching/watcher-ports.js';
import { bytePathFromUtf8, type BytePath } from '#codi/protocol/byte-path.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { RootOptions } from '#codi/workers/watch-host/watch-host.messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld } from '../../../support/actor-world.ts';
import { ROOT_OPTIONS } from '../../../support/fake-watch-host.ts';
import { GapWorld } from '../../../support/gaps.ts';
import { pending } from '../../../support/serving-world.ts';

const path = (text: string) => bytePathFromUtf8(text);
const request = (text: string): RootRequest => ({
  path: path(text),
  recursive: true,
  patterns: [],
});

let world: ActorWorld;
let table: RootTable;
let stored: Map<BytePath, StoredRoot>;
let running: Map<BytePath, WatcherInput>;
let journal: string[];
let missing: Set<string>;
let options: RootOptions;
let areRecursiveRefused: boolean;
let syncs: Extract<WatcherMessage, { type: 'sync' }>[];
let canSend: boolean;
let gaps: GapWorld;
let hosts: Set<string>;
let loading: Promise<unknown>;

async function start(initial: string[] = []): Promise<void> {
  const spec = rootsSpec({
    table,
    gaps: gaps.book,
    loadGaps: async () => [],
    initial: initial.map(request),
    hostCount: 2,
    prefersRecursive: false,
    options: () => options,
    resolvePath: async (at) => {
      if (missing.has(at)) throw new CodiError('CODI_PATH_INVALID', { path: at, reason: 'gone' });
      return path(at.replace('/link', '/real'));
    },
    store: {
      list: async () => {
        await loading;
        return [...stored.values()];
      },
      add: async (root) => void stored.set(root.path, { ...root, createdAtMs: 5 }),
      remove: async (at) => stored.delete(at),
    },
    children: {
      startHost: async (id) => {
        if (areRecursiveRefused && id.startsWith('parcel')) throw new Error('no process');
        if (!hosts.has(id)) journal.push(`host ${id}`);
        hosts.add(id);
      },
      stopHost: async (id) => {
        if (hosts.delete(id)) journal.push(`stop ${id}`);
      },
      assignHost: (root, host) => void journal.push(`root ${root} to ${host}`),
      startWatcher: async (input) => {
        if (running.has(input.path)) throw new Error(`${input.path} is watched twice`);
        running.set(input.path, input);
        journal.push(`watch ${input.path}`);
      },
      stopWatcher: async (at) => {
        running.delete(at);
        journal.push(`stop ${at}`);
      },
      watcher: (at) => ({
        name: at,
        send: (message) => {
          if (message.type === 'sync') syncs.push(message);
          else journal.push(message.type);
          return canSend ? 'queued' : 'noproc';
        },
      }),
    },
  });
  await world.start({ children: [spec] });
}

/** Asks and gives the outcome, as soon as there is one. */
function ask(message: Record<string, unknown>): unknown[] {
  const outcome: unknown[] = [];
  const reply = (answer: { ok: boolean; result?: unknown; error?: CodiError }) =>
    void outcome.push(answer.ok ? answer.result : answer.error?.code);
  world.system.ref<RootsMessage>('roots').send({ ...message, reply } as unknown as RootsMessage);
  return outcome;
}

async function asked(message: Record<string, unknown>): Promise<unknown[]> {
  const outcome = ask(message);
  await world.settle();
  return outcome;
}

beforeEach(() => {
  world = new ActorWorld();
  table = new RootTable(() => undefined);
  [stored, running, journal, syncs] = [new Map(), new Map(), [], []];
  missing = new Set();
  hosts = new Set();
  options = ROOT_OPTIONS;
  areRecursiveRefused = false;
  canSend = true;
  gaps = new GapWorld();
  loading = Promise.resolve();
});

test('It starts hosts, then a watcher for each stored path and each path given at start, once.', async () => {
  stored.set(path('/real'), { ...request('/real'), createdAtMs: 5 });
  await start(['/link', '/given']);
  expect(journal).toEqual(['host host-1', 'host host-2', 'watch /real', 'watch /given']);
  expect(table.all().map((root) => [root.path, root.isPersistent])).toEqual([
    ['/real', true],
    ['/given', false],
  ]);
  expect(table.all().map(({ host }) => host)).toEqual(['host-1', 'host-2']);
  expect(world.node('roots')).toMatchObject({ state: 'serving', note: '2 roots' });
});

test('A path given at start that is not there is said at once.', async () => {
  missing.add('/given');
  await expect(start(['/given'])).rejects.toThrow('/given');
});

test('Adds are stored and watched by their real path; once more changes how it is watched.', async () => {
  await start();
  expect(await asked({ type: 'add', request: request('/link') })).toEqual([
    { path: '/real', isNew: true },
  ]);
  const { createdAtMs } = table.byPath(path('/real'))!;
  await world.advance(10);
  const again = { ...request('/real'), patterns: ['*.ts'] };
  expect(await asked({ type: 'add', request: again })).toEqual([{ path: '/real', isNew: false }]);
  expect(journal.slice(1)).toEqual(['watch /real', 'stop /real', 'watch /real']);
  expect(table.byPath(path('/real'))).toMatchObject({ patterns: ['*.ts'], createdAtMs });
});

test('Adds and removes of one path cannot race.', async () => {
  await start();
  const outcomes = [
    ask({ type: 'add', request: request('/a') }),
    ask({ type: 'remove', path: path('/a') }),
    ask({ type: 'add', request: request('/a') }),
    ask({ type: 'remove', path: path('/a') }),
    ask({ type: 'remove', path: path('/a') }),
  ];
  await world.settle();
  expect(outcomes.map(([outcome]) => outcome)).toEqual([
    { path: '/a', isNew: true },
    { path: '/a' },
    { path: '/a', isNew: true },
    { path: '/a' },
    'CODI_NOT_FOUND',
  ]);
  expect([running.size, stored.size, table.all().length]).toEqual([0, 0, 0]);
});

test('A path that is not there is refused; a root whose directory has gone can be removed.', async () => {
  await start();
  missing.add('/gone');
  expect(await asked({ type: 'add', request: request('/gone') })).toEqual(['CODI_PATH_INVALID']);
  await asked({ type: 'add', request: request('/a') });
  missing.add('/a');
  expect(await asked({ type: 'remove', path: path('/a') })).toEqual([{ path: '/a' }]);
});

test('After a crash in the middle everything is built anew, also what can no longer be resolved.', async () => {
  await start(['/given']);
  await asked({ type: 'add', request: request('/stored') });
  missing.add('/given').add('/stored');
  journal.length = 0;
  await world.kill('roots');
  await world.settle();
  expect(journal).toEqual(['stop /given', 'stop /stored', 'watch /stored', 'watch /given']);
  expect(world.node('roots')?.state).toBe('serving');
});

test('A path given at start that somebody removed does not come back with the next incarnation.', async () => {
  await start(['/given']);
  await asked({ type: 'remove', path: path('/given') });
  await world.kill('roots');
  expect(running.size).toBe(0);
});

test('A sync asks each watcher concerned and is answered by the last of them.', async () => {
  await start(['/a', '/b']);
  const paths = ['/a/x', '/a/y/z', '/b'].map(path);
  const outcome = await asked({ type: 'sync', paths });
  expect(syncs.map((sync) => sync.paths)).toEqual([['x', 'y/z'], ['']]);
  syncs[0]!.reply({ ok: true });
  expect(outcome).toEqual([]);
  syncs[1]!.reply({ ok: true });
  expect(outcome).toEqual([{ roots: 2 }]);
});

test('A sync of everything fails when one watcher fails, and says so once.', async () => {
  await start(['/a', '/b']);
  const outcome = await asked({ type: 'sync', paths: [] });
  expect(syncs.map((sync) => sync.paths)).toEqual([undefined, undefined]);
  const error = new CodiError('CODI_SYNC_FAILED', { reason: 'restart' });
  syncs[0]!.reply({ ok: false, error });
  syncs[1]!.reply({ ok: true });
  expect(outcome).toEqual(['CODI_SYNC_FAILED']);
  canSend = false;
  expect(await asked({ type: 'sync', paths: [] })).toEqual(['CODI_SYNC_FAILED']);
});

test('A sync of a path that nobody watches says so; without any root there is nothing to wait for.', async () => {
  await start();
  expect(await asked({ type: 'sync', paths: [path('/a')] })).toEqual(['CODI_NOT_FOUND']);
  expect(await asked({ type: 'sync', paths: [] })).toEqual([{ roots: 0 }]);
});

test('A sync waits until the roots are known, and for the adds before it.', async () => {
  await start(['/a']);
  const list = pending<void>();
  loading = list.promise;
  await world.kill('roots');
  const early = await asked({ type: 'sync', paths: [] });
  expect([early, syncs.length]).toEqual([[], 0]);
  list.resolve();
  await world.settle();
  expect(syncs).toHaveLength(1);
  ask({ type: 'add', request: request('/b') });
  await asked({ type: 'sync', paths: [path('/b')] });
  expect(syncs).toHaveLength(2);
});

const move = async (root: number) => {
  world.system.ref<RootsMessage>('roots').send({ type: 'moveToRecursiveHost', root });
  await world.settle();
};
const hostsOfRoots = () => table.all().map(({ host }) => host);

test('Hosts for recursive watchers start when a root needs one, and hosts end with their last root.', async () => {
  await start(['/a', '/b', '/c', '/d']);
  journal.length = 0;
  await move(1);
  await move(3);
  await move(4);
  expect(journal).toEqual([
    ...['host parcel-1', 'root 1 to parcel-1', 'host parcel-2', 'root 3 to parcel-2'],
    ...['stop host-1', 'root 4 to parcel-1'],
  ]);
  expect(hostsOfRoots()).toEqual(['parcel-1', 'host-2', 'parcel-2', 'parcel-1']);
  for (const at of ['/a', '/b', '/c']) await asked({ type: 'remove', path: path(at) });
  expect([...hosts]).toEqual(['parcel-1']);
  await move(1);
  expect(hostsOfRoots()).toEqual(['parcel-1']);
});

test('A root in another one, or around it, gets another recursive host while one is allowed, however many roots are there.', async () => {
  options = { ...ROOT_OPTIONS, hintSource: 'parcel' };
  await start(['/a', '/b', '/b/c', '/b/d', '/bb']);
  expect(hostsOfRoots()).toEqual(['parcel-1', 'parcel-2', 'parcel-1', 'parcel-1', 'parcel-2']);
  await asked({ type: 'add', request: request('/') });
  expect(table.byPath(path('/'))?.host).toBe('parcel-2');
});

test('Roots for which a recursive watcher is asked begin in such a host.', async () => {
  options = { ...ROOT_OPTIONS, hintSource: 'parcel' };
  await start(['/a']);
  expect(hostsOfRoots()).toEqual(['parcel-1']);
  await world.kill('roots');
  await world.settle();
  expect(journal.slice(-3)).toEqual(['stop parcel-1', 'host parcel-1', 'watch /a']);
});

test('Without a host for recursive watchers roots stay where one directory after the other is watched.', async () => {
  areRecursiveRefused = true;
  await start(['/a']);
  journal.length = 0;
  await move(1);
  expect([journal, hostsOfRoots()]).toEqual([['stay', 'root 1 to host-1'], ['host-1']]);
  options = { ...ROOT_OPTIONS, hintSource: 'parcel' };
  await asked({ type: 'add', request: request('/b') });
  expect(running.get(path('/b'))?.options.hintSource).toBe('fs');
});
