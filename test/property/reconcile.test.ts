import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { IndexRow } from '#codi/protocol/file-event.js';
import { WatchWorld } from '../support/watch-world.ts';

type Action =
  | { type: 'create' | 'mkdir' | 'write' | 'chmod' | 'remove' | 'symlink'; path: string }
  | { type: 'rename' | 'link' | 'exchange'; path: string; to: string }
  | { type: 'deliver' | 'turns'; count: number }
  | { type: 'wait'; ms: number };

const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((names) => `/root/${names.join('/')}`);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('mkdir' as const), path }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('create', 'write'), path }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('remove', 'chmod', 'symlink'), path }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constantFrom('rename', 'link', 'exchange'), path, to: path }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('deliver', 'turns'),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(5, 12, 200) }),
  },
);

function perform(world: WatchWorld, step: Action, isLost: () => boolean): void {
  const { disk } = world;
  switch (step.type) {
    case 'create':
      disk.create(step.path);
      break;
    case 'mkdir':
      disk.create(step.path, 'dir');
      break;
    case 'symlink':
      disk.create(step.path, 'symlink');
      break;
    case 'write':
    case 'chmod':
    case 'remove':
      disk[step.type](step.path);
      break;
    case 'rename':
    case 'link':
      disk[step.type](step.path, step.to);
      break;
    case 'exchange':
      disk.rename(step.path, '/root/x');
      disk.rename(step.to, step.path);
      disk.rename('/root/x', step.to);
      break;
    case 'deliver':
      world.deliver(step.count, isLost);
      break;
    case 'turns':
      for (let count = 0; count < step.count; count++) world.clock.turn();
      break;
    case 'wait':
      world.clock.advance(step.ms);
  }
}

/** Of a disk that takes its time, and is looked at ahead, or of one that does not. */
function newWorld(isSlow: boolean): WatchWorld {
  const world = new WatchWorld();
  if (!isSlow) return world;
  world.cold.delayMs = 0.3;
  world.limitReadAhead({ looksCount: 3, aboveMs: 0 });
  return world;
}

const actions = fc.array(action, { minLength: 1, maxLength: 60, size: 'max' });
const losses = fc.infiniteStream(fc.boolean());
const flags = fc.tuple(fc.boolean(), fc.boolean());
const RUNS = { numRuns: 400 };

test('When no hint is lost, the folded events equal the disk soon after it is quiet, without any full sweep.', async () => {
  await fc.assert(
    fc.asyncProperty(actions, actions, flags, async (before, steps, [hasBirthTimes, isSlow]) => {
      const world = newWorld(isSlow);
      world.disk.hasBirthTimes = hasBirthTimes;
      for (const step of before) if (step.type !== 'link') perform(world, step, () => false);
      await world.watch();
      // Another name of a file that was linked and unlinked unseen: nothing hints at its new change time.
      const hinted = steps.filter(({ type }) => type !== 'link');
      for (const step of hinted) perform(world, step, () => false);
      await world.pass(3_000);
      expect(world.index()).toEqual(world.walk());
      expect(world.folded()).toEqual(world.index());
    }),
    RUNS,
  );
});

test('When hints are lost, the folded events equal the disk after a sync.', async () => {
  await fc.assert(
    fc.asyncProperty(actions, losses, fc.boolean(), async (steps, lost, isSlow) => {
      const world = newWorld(isSlow);
      await world.watch();
      for (const step of steps) perform(world, step, () => lost.next().value);
      world.sync(1);
      await world.pass(1_000);
      expect(world.of('synced')).toHaveLength(1);
      expect(world.index()).toEqual(world.walk());
      expect(world.folded()).toEqual(world.index());
    }),
    RUNS,
  );
});

test('What changed while nobody watched is told at the next start as the difference to the recorded index.', async () => {
  await fc.assert(
    fc.asyncProperty(actions, actions, fc.boolean(), async (before, meanwhile, isSlow) => {
      const first = new WatchWorld();
      for (const step of before) perform(first, step, () => false);
      await first.watch();
      const rows: IndexRow[] = [...first.fold.entries]
        .map(([path, entry]) => ({ path, ...entry }))
        .sort((a, b) => (a.path < b.path ? -1 : 1));
      for (const step of meanwhile) perform(first, step, () => true);
      const second = newWorld(isSlow);
      Object.assign(second.disk, { top: first.disk.top });
      await second.watch({}, rows);
      expect(second.of('watching')).toHaveLength(1);
      expect(second.index()).toEqual(second.walk());
      expect(second.folded()).toEqual(second.index());
    }),
    RUNS,
  );
});
