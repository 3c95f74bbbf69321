import { freshValue } from '#codi/wiring/fresh-value.js';
import { expect, test } from 'vitest';

test('A value is made once for all who ask within its age, and again after it.', () => {
  let nowMs = 0;
  let made = 0;
  const value = freshValue(
    5,
    () => nowMs,
    () => ++made,
  );
  expect([value(), value()]).toEqual([1, 1]);
  nowMs = 5;
  expect(value()).toBe(1);
  nowMs = 5.1;
  expect([value(), value()]).toEqual([2, 2]);
});
