import { beforeEach, expect, test } from 'vitest';
import { OwedFiles } from '#codi/actors/watching/content/owed-files.js';
import { ReadBudget } from '#codi/actors/watching/content/read-budget.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { fileEvent, stat } from '../../../../support/ledger-store.ts';

const path = (text: string) => text as BytePath;
let owed: OwedFiles;
const file = (name: string, more = {}) => ({ path: path(name), stat: stat(more) });
const due = (nowMs: number) => owed.due(nowMs, 100, 1_000_000).map((each) => each.path);

beforeEach(() => {
  owed = new OwedFiles(4, 10_000);
});

test('Files are due in the order they came, and not before their time.', () => {
  owed.add(file('a'), 5, 0);
  owed.add(file('b'), 0, 0);
  expect(due(0)).toEqual(['b']);
  expect(due(5)).toEqual(['a', 'b']);
  expect(owed.nextDueMs()).toBe(0);
});

test('One task takes no more than its limits, but always one.', () => {
  for (const name of ['a', 'b', 'c']) owed.add(file(name, { size: 60 }), 0, 0);
  expect(owed.due(0, 2, 1_000)).toHaveLength(2);
  expect(owed.due(0, 9, 100)).toHaveLength(1);
  expect(owed.due(0, 9, 1)).toHaveLength(1);
});

test('What has no room is lost, and said to be.', () => {
  for (const name of ['a', 'b', 'c', 'd']) expect(owed.add(file(name), 0, 0)).toBe(true);
  expect(owed.hasLost).toBe(false);
  expect(owed.add(file('e'), 0, 0)).toBe(false);
  expect(owed.add(file('a'), 0, 0)).toBe(true);
  expect(owed.hasLost).toBe(true);
});

test('An answer counts for the file that was asked about, not for one that changed since.', () => {
  const old = file('a');
  owed.add(old, 0, 0);
  owed.add(file('a', { ino: 2n }), 0, 1);
  expect(owed.isDone(old)).toBe(false);
  owed.failed(old, true, 0, 0);
  expect(due(1)).toEqual(['a']);
});

test('A file that fails is tried later and later, and then no more until something happens to it.', () => {
  const each = file('a');
  owed.add(each, 0, 0);
  const waits: number[] = [];
  for (let nowMs = 0; owed.count > 0; nowMs = owed.nextDueMs() ?? nowMs) {
    owed.failed(each, false, 0, nowMs);
    if (owed.count > 0) waits.push(owed.nextDueMs()! - nowMs);
  }
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
  expect(owed.has(path('a'))).toBe(true);
  owed.add(file('a'), 7, 7);
  expect(due(7)).toEqual(['a']);
});

test('What is owed moves with its file, and with a directory above it.', () => {
  owed.add(file('dir/a'), 0, 0);
  owed.add(file('b'), 0, 0);
  const parked = file('dir/c');
  owed.add(parked, 0, 0);
  owed.failed(parked, true, 0, 0);
  const move = (from: string, to: string, more = {}) =>
    owed.move(fileEvent('move', to, { from: path(from), ...more }), 9);
  move('dir', 'other', { kind: 'dir' });
  move('b', 'd');
  expect(due(9).toSorted()).toEqual(['d', 'other/a', 'other/c']);
  move('nothing', 'd');
  expect(due(9).toSorted()).toEqual(['other/a', 'other/c']);
});

test('A file may be read once in an interval, and again while that is not much.', () => {
  const budget = new ReadBudget(100, 1_000);
  const a = path('a');
  expect(budget.waitMs(a, 5_000, 0)).toBe(0);
  budget.spend(a, 60, 0);
  expect(budget.waitMs(a, 40, 10)).toBe(0);
  expect(budget.waitMs(a, 41, 10)).toBe(990);
  budget.spend(a, 40, 500);
  expect(budget.waitMs(a, 1, 500)).toBe(500);
  expect(budget.waitMs(a, 5_000, 1_000)).toBe(0);
  budget.spend(a, 5_000, 1_000);
  expect(budget.waitMs(a, 1, 1_001)).toBe(999);
  for (let n = 0; n < 5_000; n++) budget.spend(path(`${n}`), 500, 1_001);
  expect(budget.waitMs(a, 1, 1_001)).toBe(0);
});
