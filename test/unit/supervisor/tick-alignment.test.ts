import { expect, test } from 'vitest';
import { alignedDelay } from '#codi/supervisor/tick-alignment.js';

test('Ticks fall on whole multiples of the interval, whenever they began.', () => {
  expect(1_300 + alignedDelay(1_300, 1_000)).toBe(2_000);
  expect(7_400 + alignedDelay(7_400, 2_500)).toBe(10_000);
});

test('The first wait is between a half and one and a half intervals.', () => {
  for (let nowMs = 0; nowMs < 2_000; nowMs += 7) {
    const delayMs = alignedDelay(nowMs, 1_000);
    expect(delayMs).toBeGreaterThanOrEqual(500);
    expect(delayMs).toBeLessThanOrEqual(1_500);
  }
});

test('Ticks that came together go on together, though each looks at the clock a little later.', () => {
  const delays = [2_001.1, 2_001.9, 2_003.2].map((nowMs) => alignedDelay(nowMs, 1_000));
  expect(delays).toEqual([1_000, 1_000, 1_000]);
});

test('A clock that runs a millisecond late at every tick does not move them away for good.', () => {
  let nowMs = 0;
  let worstMs = 0;
  for (let tick = 0; tick < 1_000; tick++) {
    nowMs += alignedDelay(nowMs, 1_000) + 1.3;
    worstMs = Math.max(worstMs, nowMs % 1_000);
  }
  expect(worstMs).toBeLessThan(10);
  expect(Math.round(nowMs / 1_000)).toBe(1_000);
});

test('The slack stays a part of short intervals.', () => {
  expect(alignedDelay(23, 20)).toBe(17);
});
