import { expect, test } from 'vitest';
import { NO_READ_AHEAD } from '#codi/workers/watch-host/ahead-slots.js';
import { WatchBudget } from '#codi/workers/watch-host/watch-budget.js';

const LIMITS = {
  ...{ hosts: 1, watchSharePercent: 50, watchesCount: 1_000, coverageIntervalMs: 1 },
  readAhead: NO_READ_AHEAD,
};

test('A host takes its part of the share, and no more.', () => {
  const budget = new WatchBudget(
    () => 10,
    () => 0,
  );
  budget.configure({ ...LIMITS, hosts: 2 });
  expect(budget.limit).toBe(2);
  expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
  budget.give();
  expect(budget.take()).toBe(true);
  budget.give(2);
  budget.nativeCount = 2;
  expect(budget.take()).toBe(false);
});

test('Without a limit of the system its own holds, and a raised one is believed soon.', () => {
  const system: { watches?: number } = {};
  let nowMs = 0;
  const budget = new WatchBudget(
    () => system.watches,
    () => nowMs,
  );
  budget.configure(LIMITS);
  expect(budget.limit).toBe(1_000);
  system.watches = 100;
  nowMs = 10_000;
  expect(budget.limit).toBe(50);
});
