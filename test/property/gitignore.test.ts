import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FakeInode } from '../support/fake-disk.ts';
import { WatchWorld } from '../support/watch-world.ts';

type Action =
  | { type: 'create' | 'mkdir' | 'write' | 'remove'; path: string }
  | { type: 'rename'; path: string; to: string }
  | { type: 'rules'; path: string; lines: string[] }
  | { type: 'deliver'; count: number }
  | { type: 'wait'; ms: number };

const name = fc.constantFrom('a', 'b', 'c');
const path = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((names) => `/root/${names.join('/')}`);
const directory = fc.oneof(fc.constant('/root'), path);
const line = fc.constantFrom('a', 'b/', '/c', 'a/b', '*', '!a', '!b/', '!/c', '!a/b', '!*/');
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('mkdir' as const), path }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('create', 'write', 'remove'), path }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('rename' as const), path, to: path }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('rules' as const),
      path: directory,
      lines: fc.array(line, { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('deliver' as const),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(5, 12, 200) }),
  },
);
const actions = fc.array(action, { minLength: 1, maxLength: 50, size: 'max' });

function perform(world: WatchWorld, step: Action, isLost: () => boolean): void {
  const { disk } = world;
  switch (step.type) {
    case 'create':
      disk.create(step.path);
      break;
    case 'mkdir':
      disk.create(step.path, 'dir');
      break;
    case 'write':
    case 'remove':
      disk[step.type](step.path);
      break;
    case 'rename':
      disk.rename(step.path, step.to);
      break;
    case 'rules':
      disk.writeText(`${step.path}/.gitignore`, step.lines.join('\n'));
      break;
    case 'deliver':
      world.deliver(step.count, isLost);
      break;
    case 'wait':
      world.clock.advance(step.ms);
  }
}

/** Every path that git would not ignore, by the plainest reading of its manual. */
function wanted(world: WatchWorld): string[] {
  const found: string[] = [];
  const visit = (inode: FakeInode, names: string[], above: string[][]) => {
    const own = inode.children?.get('.gitignore')?.text.split('\n').filter(Boolean) ?? [];
    const rules = [...above, own];
    for (const [child, entry] of inode.children ?? []) {
      const at = [...names, child];
      if (isIgnored(rules, at, entry.kind === 'dir')) continue;
      found.push(at.join('/'));
      if (entry.kind === 'dir') visit(entry, at, rules);
    }
  };
  visit(world.disk.find('/root')!, [], []);
  return found.sort();
}

/** `rules` by depth: the deepest file first, its last line first. */
function isIgnored(rules: string[][], at: string[], isDirectory: boolean): boolean {
  for (let depth = rules.length - 1; depth >= 0; depth--)
    for (const pattern of [...rules[depth]!].reverse())
      if (matches(pattern.replace('!', ''), at.slice(depth), isDirectory))
        return !pattern.startsWith('!');
  return false;
}

function matches(pattern: string, at: string[], isDirectory: boolean): boolean {
  if (pattern.endsWith('/') && !isDirectory) return false;
  const bare = pattern.replace(/\/$/, '');
  const isPath = bare.includes('/');
  return bare === '*' || bare.replace(/^\//, '') === (isPath ? at.join('/') : at.at(-1));
}

const RUNS = { numRuns: 400 };

test('When no hint is lost, the folded events equal what `.gitignore` files leave of the disk soon after it is quiet.', async () => {
  await fc.assert(
    fc.asyncProperty(actions, actions, async (before, steps) => {
      const world = new WatchWorld();
      for (const step of before) perform(world, step, () => false);
      await world.watch({ useGitignore: true });
      for (const step of steps) perform(world, step, () => false);
      await world.pass(3_000);
      expect([...world.index().keys()].sort()).toEqual(wanted(world));
      expect(world.folded()).toEqual(world.index());
    }),
    RUNS,
  );
});

test('When hints are lost, they do after a sync.', async () => {
  await fc.assert(
    fc.asyncProperty(actions, fc.infiniteStream(fc.boolean()), async (steps, losses) => {
      const world = new WatchWorld();
      await world.watch({ useGitignore: true });
      for (const step of steps) perform(world, step, () => losses.next().value);
      world.sync(1);
      await world.pass(1_000);
      expect(world.of('synced')).toHaveLength(1);
      expect([...world.index().keys()].sort()).toEqual(wanted(world));
      expect(world.folded()).toEqual(world.index());
    }),
    RUNS,
  );
});
