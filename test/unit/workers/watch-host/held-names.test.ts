import { expect, test } from 'vitest';
import { HeldNames } from '#codi/workers/watch-host/held-names.js';
import { PathTree } from '#codi/workers/watch-host/path-tree.js';
import { ManualClock } from '../../../support/watch-world.ts';

test('A name that comes free while a pass is under way is judged by the next one, not held once more.', () => {
  const clock = new ManualClock();
  const { root } = new PathTree();
  const waiting = new Set<string>();
  const held = new HeldNames(clock, (_directory, name) => void waiting.add(name));
  const isWaiting = (_directory: unknown, name: string) => waiting.has(name);
  expect([held.hold(root, 'a', 50), held.hold(root, 'b', 60)]).toEqual([true, true]);
  clock.advance(55);
  expect([...waiting]).toEqual(['a']);
  held.forgetReleased(isWaiting);
  expect(held.hold(root, 'a', 50)).toBe(false);
  waiting.clear();
  held.forgetReleased(isWaiting);
  expect(held.hold(root, 'a', 50)).toBe(true);
  expect([held.isHeld(root, 'a'), held.isHeld(root, 'b')]).toEqual([true, true]);
});
