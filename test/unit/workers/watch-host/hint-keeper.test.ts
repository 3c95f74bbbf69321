import { beforeEach, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { HintKeeper } from '#codi/workers/watch-host/hint-keeper.js';
import type { HintListener, HintSource } from '#codi/workers/watch-host/hints.js';
import type { RootOptions } from '#codi/workers/watch-host/watch-host.messages.js';
import { PathTree, UNKNOWN_STAT } from '#codi/workers/watch-host/path-tree.js';
import { ManualClock, promisesRun, ROOT_OPTIONS } from '../../../support/watch-world.ts';

const ROOT = bytePathFromUtf8('/root');
const tree = new PathTree();
const directories = Array.from({ length: 5 }, (_, index) =>
  tree.add(tree.root, `d${index}`, 'dir', { ...UNKNOWN_STAT, ino: BigInt(index) }),
);

let clock: ManualClock;
let log: string[];
let listeners: HintListener[];
let isParcelBroken: boolean;

beforeEach(() => {
  clock = new ManualClock();
  log = [];
  listeners = [];
  isParcelBroken = false;
});

function source(kind: 'fs' | 'parcel', listener: HintListener): HintSource {
  const watched = new Set<unknown>();
  listeners.push(listener);
  return {
    kind,
    async start() {
      log.push(`start ${kind}`);
      if (kind === 'parcel' && isParcelBroken) throw new Error('no binary');
    },
    ensure: (directory) => (watched.has(directory) ? 'watched' : (watched.add(directory), 'added')),
    has: (directory) => watched.has(directory),
    covers: (directory) => watched.has(directory),
    drop: (directory) => void watched.delete(directory),
    doubt: () => false,
    moved: () => {},
    swept: () => {},
    get watchCount() {
      return watched.size;
    },
    async close() {
      log.push(`close ${kind}`);
    },
  };
}

async function keeper(
  options: Partial<RootOptions>,
  input: { isFlat?: boolean; pollReason?: string } = {},
) {
  const made = new HintKeeper(
    {
      root: ROOT,
      options: { ...ROOT_OPTIONS, ...options },
      isFlat: input.isFlat ?? false,
      pollReason: input.pollReason,
      clock,
      absolute: () => ROOT,
      factory: {
        create: (kind, _root, _options, told) => source(kind, told),
      },
    },
    {
      onHint: () => {},
      onPath: () => {},
      onSubtree: () => {},
      onLost: () => {},
      onTooMany: () => log.push('too many'),
      onDisbelieved: () => {},
      onReplaced: () => log.push('replaced'),
      onStatus: () => {},
    },
  );
  await made.open();
  return made;
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await promisesRun();
}

test('Over the budget of directories it says once that a recursive source is needed.', async () => {
  const made = await keeper({ hintSource: 'auto', directoryBudget: 3 });
  const states = directories.map((directory) => made.ensure(directory, ROOT));
  expect(states).toEqual(['added', 'added', 'added', 'unwatched', 'unwatched']);
  expect(made.ensure(directories[0]!, ROOT)).toBe('watched');
  expect([log, made.kind]).toEqual([['start fs', 'too many'], 'fs']);
});

test('In a host for recursive sources such a one is taken, and needs no budget.', async () => {
  const made = await keeper({ hintSource: 'auto', directoryBudget: 3, isRecursiveHost: true });
  expect([made.kind, made.mode]).toEqual(['parcel', 'native']);
  expect((await keeper({ isRecursiveHost: true })).kind).toBe('fs');
});

test('Where the recursive source does not start, directories are watched one by one beyond the budget.', async () => {
  isParcelBroken = true;
  const made = await keeper({ hintSource: 'auto', directoryBudget: 3, isRecursiveHost: true });
  await promisesRun();
  for (const directory of directories) expect(made.ensure(directory, ROOT)).toBe('added');
  expect([made.kind, log.filter((line) => line === 'too many')]).toEqual(['fs', []]);
});

test('A recursive source that broke is made anew, less and less often.', async () => {
  const made = await keeper({ hintSource: 'parcel' });
  const gapsMs: number[] = [];
  for (let round = 0; round < 4; round++) {
    listeners.at(-1)!.onTrouble('interrupted');
    expect([made.mode, made.reason]).toEqual(['poll', 'interrupted']);
    const startedMs = clock.monotonicMs();
    while (made.mode === 'poll') await pass(100);
    gapsMs.push(Math.round((clock.monotonicMs() - startedMs) / 1_000));
  }
  expect(gapsMs).toEqual([1, 2, 4, 8]);
  expect(log.filter((line) => line === 'replaced')).toHaveLength(4);
});

test('A recursive source that cannot be believed is given up for good, also when it was to be made anew.', async () => {
  const made = await keeper({ hintSource: 'parcel' });
  listeners.at(-1)!.onStale();
  listeners.at(-1)!.onUnaffordable('others watch there');
  await pass(60_000);
  expect([made.kind, made.mode]).toEqual(['fs', 'native']);
  expect(log.filter((line) => line.startsWith('start'))).toEqual(['start parcel', 'start fs']);
});

test('A source that cannot be had means polling with a reason, and another try a minute later.', async () => {
  isParcelBroken = true;
  const made = await keeper({ hintSource: 'parcel' });
  expect([made.kind, made.mode, made.reason]).toEqual(['none', 'poll', 'no binary']);
  isParcelBroken = false;
  await pass(61_000);
  expect([made.kind, made.mode, made.reason]).toEqual(['parcel', 'native', undefined]);
  expect(log.at(-1)).toBe('replaced');
});

test('Single directories never need the recursive source, and some file systems are only polled.', async () => {
  expect((await keeper({ hintSource: 'parcel' }, { isFlat: true })).kind).toBe('fs');
  const polled = await keeper({}, { pollReason: 'nfs' });
  expect([polled.mode, polled.reason]).toEqual(['poll', 'nfs']);
  expect((await keeper({ hintSource: 'none' })).mode).toBe('poll');
});

test('After it is closed nothing starts any more.', async () => {
  const made = await keeper({ hintSource: 'parcel' });
  listeners[0]!.onTrouble('interrupted');
  made.close();
  await pass(700_000);
  expect(log).toEqual(['start parcel', 'close parcel']);
});
