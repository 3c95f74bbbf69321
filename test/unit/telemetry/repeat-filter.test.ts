import { expect, test } from 'vitest';

import { RepeatFilter } from '#codi/telemetry/repeat-filter.js';

test('The first line of a kind is shown, the ones within the interval are counted.', () => {
  const filter = new RepeatFilter({ intervalMs: 100, kindLimitCount: 10 });
  expect(filter.judge('a', 0)).toEqual({ isShown: true, heldBack: 0 });
  expect(filter.judge('a', 99)).toEqual({ isShown: false });
  expect(filter.judge('b', 99)).toEqual({ isShown: true, heldBack: 0 });
  expect(filter.judge('a', 100)).toEqual({ isShown: true, heldBack: 1 });
  expect(filter.judge('a', 150)).toEqual({ isShown: false });
  expect(filter.drain()).toEqual([{ kind: 'a', heldBack: 1 }]);
});

test('Past its limit of kinds the one that was shown longest ago is forgotten.', () => {
  const filter = new RepeatFilter({ intervalMs: 100, kindLimitCount: 2 });
  filter.judge('a', 0);
  filter.judge('b', 1);
  filter.judge('c', 2);
  expect(filter.judge('b', 3)).toEqual({ isShown: false });
  expect(filter.judge('a', 4)).toEqual({ isShown: true, heldBack: 0 });
});
