import { beforeEach, expect, test } from 'vitest';
import { EventFollower } from '#codi/actors/exports/event-follower.js';
import { ExportNotices } from '#codi/actors/exports/export-notices.js';
import type { ExportSettings } from '#codi/actors/exports/export-ports.js';
import { CodiError } from '#codi/protocol/errors.js';
import type {
  ExportPlace,
  FindExportsInput,
  FoundExport,
} from '#codi/workers/storage/exports.messages.js';

const RULES = { patterns: ['*EXPORT*.txt'], transcripts: [] };
const KEY = JSON.stringify(RULES);

let head: number;
let place: ExportPlace;
let room: number;
let seen: number[];
let asked: string[];
let failure: Error | undefined;
let isArchived: boolean;
let notices: ExportNotices;

beforeEach(() => {
  [head, room, seen, asked, failure, isArchived] = [0, Infinity, [], [], undefined, false];
  place = { seq: 0, rules: '' };
  notices = new ExportNotices(RULES);
});

/** Over a ledger in which each tenth event is about an export, five events a page. */
function follower(): EventFollower {
  const foundAt = (seq: number) => ({ seq }) as FoundExport;
  return new EventFollower({
    reader: {
      place: async () => place,
      find: async ({ afterSeq, throughSeq: until }: FindExportsInput) => {
        if (failure) throw failure;
        asked.push(`${afterSeq}`);
        const throughSeq = Math.min(until, afterSeq + 5);
        const seqs = Array.from(
          { length: throughSeq - afterSeq },
          (_, index) => afterSeq + index + 1,
        );
        const found = seqs.filter((seq) => seq % 10 === 0).map(foundAt);
        return { found, throughSeq, hasGap: isArchived };
      },
      indexed: async () => {
        asked.push('index');
        return { found: [foundAt(0)], next: null };
      },
      last: async () => null,
      row: async () => undefined,
      pruned: async () => [],
    },
    feed: { subscribe: () => () => undefined, head: () => ({ events: head }) },
    notices,
    settings: { rules: RULES } as unknown as ExportSettings,
    hasRoom: () => seen.length < room,
    onFound: ({ seq }) => void seen.push(seq),
    onPage: () => undefined,
  });
}

test('It goes on from its place, page by page, and then only when an export was committed.', async () => {
  [place, head] = [{ seq: 8, rules: KEY }, 30];
  const following = follower();
  expect(following.place(undefined)).toBeNull();
  await following.look();
  expect([seen, asked]).toEqual([
    [10, 20, 30],
    ['8', '13', '18', '23', '28'],
  ]);
  expect(following.place(undefined)).toEqual({ seq: 30, rules: KEY });
  expect(following.place(15)).toEqual({ seq: 14, rules: KEY });
  head = 1_000;
  await following.look();
  expect(asked).toHaveLength(5);
  expect(following.place(undefined)).toEqual({ seq: 1_000, rules: KEY });
});

test('What there is no room for waits in the ledger, and the place before it.', async () => {
  [place, head, room] = [{ seq: 0, rules: KEY }, 30, 1];
  const following = follower();
  await following.look();
  expect([seen, following.isBehind]).toEqual([[10], true]);
  expect(following.place(10)).toEqual({ seq: 9, rules: KEY });
  room = Infinity;
  await following.look();
  expect([seen, following.isBehind]).toEqual([[10, 20, 30], false]);
});

test('Other rules, and events that were archived meanwhile, mean a look through the index.', async () => {
  [place, head] = [{ seq: 5, rules: 'others' }, 5];
  await follower().look();
  expect(asked).toEqual(['index']);
  [asked, isArchived] = [[], true];
  [place, head] = [{ seq: 5, rules: KEY }, 8];
  await follower().look();
  expect(asked).toEqual(['5', 'index']);
});

test('A place that is ahead of the ledger is of another one.', async () => {
  [place, head] = [{ seq: 99, rules: KEY }, 10];
  await follower().look();
  expect([seen, asked[0]]).toEqual([[10], '0']);
});

test('A failed look is said, and the next one looks at the same.', async () => {
  [place, head] = [{ seq: 0, rules: KEY }, 10];
  const following = follower();
  failure = new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'restart' });
  await expect(following.look()).rejects.toThrow('restart');
  failure = undefined;
  await following.look();
  expect(seen).toEqual([10]);
});

test('It says when so much was read that the next start should not have to read it again.', async () => {
  [place, head] = [{ seq: 0, rules: KEY }, 5];
  expect(await follower().look()).toBe(false);
  head = 30;
  const following = follower();
  expect(await following.look()).toBe(true);
  expect(await following.look()).toBe(false);
});
