import { freshValue } from '#codi/wiring/fresh-value.js';
import { expect, test } from 'vitest';

test('A value is made once for all who ask within its age, and again after it.', () => {
  let nowMs = 0;
  let made = 0;
  const ages = { leastMs: 5, mostMs: 100 };
  const value = freshValue(
    ages,
    () => nowMs,
    () => ++made,
  );
  expect([value.get(), value.get()]).toEqual([1, 1]);
  nowMs = 100;
  expect(value.get()).toBe(1);
  nowMs = 100.1;
  expect([value.get(), value.get()]).toEqual([2, 2]);
});

test('What it tells has changed: it is made again as soon as a shorter age is over.', () => {
  let nowMs = 0;
  let made = 0;
  const ages = { leastMs: 5, mostMs: 100 };
  const value = freshValue(
    ages,
    () => nowMs,
    () => ++made,
  );
  value.get();
  value.outdate();
  nowMs = 5;
  expect(value.get()).toBe(1);
  nowMs = 5.1;
  expect(value.get()).toBe(2);
  nowMs = 50;
  expect(value.get(), 'nothing has changed since').toBe(2);
});
