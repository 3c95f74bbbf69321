import { expect, test } from 'vitest';
import { Candidates, type Now } from '#codi/actors/exports/candidates.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { FoundExport } from '#codi/workers/storage/exports.messages.js';

const RULES = { settleMs: 1_000, transcriptSettleMs: 5_000, settleMaxMs: 10_000 };
const EPOCH_MS = 1_000_000;
const at = (monotonicMs: number): Now => ({ monotonicMs, wallMs: EPOCH_MS + monotonicMs });

function found(seq: number, name: string, changedMs: number, more: Partial<FoundExport> = {}) {
  const mtimeNs = BigInt(EPOCH_MS + changedMs) * 1_000_000n;
  return {
    ...{ seq, root: bytePathFromUtf8('/r'), path: bytePathFromUtf8(`/r/${name}`), from: null },
    ...{ kind: 'export' as const, isDelete: false, session: null, seenAtMs: changedMs },
    identity: { dev: 1n, ino: 1n, size: seq, mtimeNs },
    ...more,
  };
}
const namesOf = (taken: { path: string }[]) => taken.map(({ path }) => path.slice('/r/'.length));

test('A file is due when it has been as it is for long enough; each change begins anew.', () => {
  const candidates = new Candidates(RULES);
  candidates.see(found(1, 'a', 0), at(100));
  expect(candidates.nextDueMs()).toBe(1_000);
  candidates.see(found(2, 'a', 900), at(950));
  expect(namesOf(candidates.take(9, 1_899))).toEqual([]);
  expect(namesOf(candidates.take(9, 1_900))).toEqual(['a']);
  // It is taken once.
  expect(candidates.take(9, 2_000)).toEqual([]);
  candidates.see(found(3, 'old', -60_000), at(2_000));
  candidates.see(found(4, 't', 2_000, { kind: 'transcript' }), at(2_000));
  expect(namesOf(candidates.take(9, 2_000))).toEqual(['old']);
  expect(candidates.nextDueMs()).toBe(7_000);
});

test('What never comes to rest is due all the same, after the longest time.', () => {
  const candidates = new Candidates(RULES);
  for (let time = 0; time < 12_000; time += 500) candidates.see(found(1, 'a', time), at(time));
  const [taken] = candidates.take(1, 11_500);
  expect(candidates.isOverdue(taken!, 9_999)).toBe(false);
  expect(candidates.isOverdue(taken!, 10_000)).toBe(true);
});

test('The place stays before the first event that something is left to do about.', () => {
  const candidates = new Candidates(RULES);
  expect(candidates.lowestSeq()).toBeUndefined();
  candidates.see(found(5, 'a', -9_000), at(0));
  candidates.see(found(7, 'b', -8_000), at(0));
  candidates.see(found(9, 'a', -7_000), at(0));
  expect(candidates.lowestSeq()).toBe(5);
  const [a] = candidates.take(1, 0);
  // While it is captured it is written twice: the first of these is left to do.
  candidates.see(found(11, 'a', 0), at(0));
  candidates.see(found(12, 'a', 0), at(0));
  expect(candidates.lowestSeq(a)).toBe(7);
  candidates.finish(a!, at(0));
  const [b] = candidates.take(1, 0);
  candidates.finish(b!, at(0));
  expect([candidates.size, candidates.lowestSeq()]).toEqual([1, 11]);
});

test('A file that moves is looked for under its new name, one that went away only when it was waited for.', () => {
  const candidates = new Candidates(RULES);
  candidates.see(found(1, 'gone', 0, { isDelete: true }), at(0));
  expect(candidates.size).toBe(0);
  candidates.see(found(2, 'a', -9_000), at(0));
  candidates.see(found(3, 'b', -9_000, { from: bytePathFromUtf8('/r/a') }), at(0));
  candidates.see(found(4, 'b', -9_000, { isDelete: true }), at(0));
  expect(namesOf(candidates.take(9, 0))).toEqual(['b']);
});

test('What failed or has not settled comes again after its delay, the longest waiting first.', () => {
  const candidates = new Candidates(RULES);
  candidates.see(found(1, 'a', -9_000), at(0));
  const [a] = candidates.take(1, 0);
  candidates.postpone(a!, 300, a!.identity, at(0));
  candidates.see(found(2, 'b', -9_000), at(100));
  expect(namesOf(candidates.take(9, 299))).toEqual(['b']);
  expect(namesOf(candidates.take(9, 300))).toEqual(['a']);
});
