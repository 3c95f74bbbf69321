import { expect, test } from 'vitest';

import { parseDuration, parseSize } from '#codi/config/amount.js';

test('A duration is a number with a unit, or several of them.', () => {
  expect(parseDuration('500ms')).toBe(500);
  expect(parseDuration('10s')).toBe(10_000);
  expect(parseDuration('5m')).toBe(300_000);
  expect(parseDuration('1.5h')).toBe(5_400_000);
  expect(parseDuration('1h30m')).toBe(5_400_000);
  expect(parseDuration(' 2d ')).toBe(172_800_000);
  expect(parseDuration('0')).toBe(0);
});

test('A duration without a unit, with a sign or with an unknown unit is not one.', () => {
  for (const text of ['', '5', '-5s', '5 parsecs', '5sec', 's', '1e3s', '.5s']) {
    expect(parseDuration(text), text).toBeUndefined();
  }
});

test('A size counts in thousands, or in 1024s when its unit says so.', () => {
  expect(parseSize('512')).toBe(512);
  expect(parseSize('512B')).toBe(512);
  expect(parseSize('10MB')).toBe(10_000_000);
  expect(parseSize('64KiB')).toBe(65_536);
  expect(parseSize('1.5 GiB')).toBe(1_610_612_736);
  expect(parseSize('2k')).toBe(2000);
});

test('A size that is negative, empty or beyond exact integers is not one.', () => {
  for (const text of ['', '-1', '10 elephants', '9999999999TiB', '1ib']) {
    expect(parseSize(text), text).toBeUndefined();
  }
});
