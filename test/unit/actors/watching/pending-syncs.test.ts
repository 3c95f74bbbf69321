import { PendingSyncs } from '#codi/actors/watching/pending-syncs.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { beforeEach, expect, test } from 'vitest';

let posted: [number, unknown][];
let replies: string[];
let syncs: PendingSyncs;

function ask(name: string, isSettled = true): void {
  const paths = [bytePathFromUtf8(name)];
  const reply = (outcome: { ok: boolean; error?: { code: string } }) =>
    void replies.push(outcome.ok ? name : `${name} ${outcome.error?.code}`);
  syncs.add({ type: 'sync', paths, reply }, isSettled);
}

beforeEach(() => {
  posted = [];
  replies = [];
  syncs = new PendingSyncs((id, paths) => posted.push([id, paths]));
});

test('A sync is answered when the batch that covers it is committed.', () => {
  ask('a');
  expect(posted).toEqual([[1, ['a']]]);
  syncs.answer(5);
  syncs.covered(1, 7, 5);
  syncs.answer(6);
  expect(replies).toEqual([]);
  syncs.answer(7);
  syncs.answer(8);
  expect(replies).toEqual(['a']);
});

test('A sync that is covered by what is committed already is answered at once.', () => {
  ask('a');
  syncs.covered(1, 5, 5);
  syncs.covered(1, 5, 5);
  expect(replies).toEqual(['a']);
});

test('Before the first look nothing is asked; after it everything is.', () => {
  ask('a', false);
  ask('b', false);
  expect(posted).toEqual([]);
  syncs.postAll();
  expect(posted.map(([id]) => id)).toEqual([1, 2]);
});

test('A batch that a lost host named counts for nothing.', () => {
  ask('a');
  syncs.covered(1, 3, 0);
  syncs.forgetAnswers();
  syncs.answer(3);
  expect(replies).toEqual([]);
  syncs.covered(1, 1, 1);
  expect(replies).toEqual(['a']);
});

test('When the watcher ends, everybody is told, once.', () => {
  ask('a');
  ask('b', false);
  syncs.fail();
  syncs.fail();
  expect(replies).toEqual(['a CODI_SYNC_FAILED', 'b CODI_SYNC_FAILED']);
});

test('Too many are refused.', () => {
  for (let count = 0; count < 257; count++) ask(`${count}`);
  expect(replies).toEqual(['256 CODI_OVERLOADED']);
});
