import { expect, test } from 'vitest';
import { AheadSlots, type AheadShare } from '#codi/workers/watch-host/ahead-slots.js';

/** How many it gets. */
function takeAll(share: AheadShare): number {
  for (let count = 0; ; count++) if (!share.take()) return count;
}

test('One root has all of the limit; two have equal parts, once the first has given back what is beyond its own.', () => {
  const slots = new AheadSlots();
  slots.limits = { looksCount: 8, aboveMs: 1 };
  const [one, other] = [slots.share(), slots.share()];
  one.isReading = true;
  expect(takeAll(one)).toBe(8);
  other.isReading = true;
  expect(takeAll(other)).toBe(0);
  for (let count = 0; count < 6; count++) one.give();
  expect([takeAll(other), takeAll(one), slots.taken]).toEqual([4, 2, 8]);
  one.isReading = false;
  for (let count = 0; count < 4; count++) one.give();
  expect([takeAll(other), slots.taken]).toEqual([4, 8]);
});

test('Of more roots than looks each has one, as far as they go.', () => {
  const slots = new AheadSlots();
  slots.limits = { looksCount: 2, aboveMs: 1 };
  const shares = [slots.share(), slots.share(), slots.share()];
  for (const share of shares) share.isReading = true;
  expect(shares.map(takeAll)).toEqual([1, 1, 0]);
});
