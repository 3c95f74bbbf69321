import { expect, test } from 'vitest';
import { hostCount } from '#codi/wiring/host-count.js';

const settings = { hostsCount: 2, watchSharePercent: 50, directoryBudgetCount: 16_384 };

test.each([
  [undefined, 2],
  [1_000_000, 2],
  [65_536, 2],
  [65_535, 1],
  [8_192, 1],
])('With %s file watches for the user there are %s hosts.', (watchLimit, count) => {
  expect(hostCount(settings, watchLimit)).toBe(count);
});
