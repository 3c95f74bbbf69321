import { CommittedFacts } from '#codi/wiring/committed-facts.js';
import { expect, test } from 'vitest';

const range = (first: number, last: number) => ({ first, last, count: last - first + 1 });

function newFacts() {
  const clock = { nowMs: 0 };
  const facts = new CommittedFacts(() => clock.nowMs);
  return { facts, clock };
}

test('Heads and counters follow the commits, and listeners hear of each.', () => {
  const { facts } = newFacts();
  let calls = 0;
  const end = facts.subscribe(() => (calls += 1));
  facts.load({ logs: 10, fileEvents: 5, lost: 4, blocks: 3, bytes: 100, lastCommitMs: 7 });
  facts.record({ block: 3, logs: range(11, 12), files: null, bytes: 10 });
  facts.record({ block: 4, logs: null, files: range(6, 6), bytes: 1 });
  expect(facts.head()).toEqual({ logs: 12, events: 6 });
  expect(facts.summary()).toEqual({
    entries: 14,
    bytes: 111,
    blocks: 5,
    lastCommitMs: 0,
    entriesPerSecond: 1,
  });
  end();
  facts.record({ block: 5, logs: range(13, 13), files: null, bytes: 1 });
  expect(calls).toBe(3);
});

test('A commit of duplicates only is no commit.', () => {
  const { facts } = newFacts();
  let calls = 0;
  facts.subscribe(() => (calls += 1));
  facts.record({ block: null, logs: null, files: null, bytes: 0 });
  expect([calls, facts.summary().blocks]).toEqual([0, 0]);
});

test('The rate is that of the last five seconds.', () => {
  const { facts, clock } = newFacts();
  for (let second = 0; second < 20; second++) {
    clock.nowMs = second * 1_000;
    const first = second * 100 + 1;
    facts.record({ block: second, logs: range(first, first + 99), files: null, bytes: 1 });
  }
  expect(facts.summary().entriesPerSecond).toBe(100);
  clock.nowMs += 5_000;
  expect(facts.summary().entriesPerSecond).toBe(0);
});

test('A new ledger thread brings what its predecessor committed without saying so.', () => {
  const { facts, clock } = newFacts();
  clock.nowMs = 50;
  facts.record({ block: 0, logs: range(1, 1), files: null, bytes: 1 });
  facts.load({ logs: 3, fileEvents: 0, lost: 0, blocks: 2, bytes: 9, lastCommitMs: 7 });
  expect([facts.head().logs, facts.summary().lastCommitMs]).toEqual([3, 50]);
});
