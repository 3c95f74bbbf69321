import { expect, test } from 'vitest';
import { sendIndexPages } from '#codi/actors/watching/index-pages.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { indexRow } from '../../../support/fake-watch-host.ts';

async function send(count: number, isForAnother = false) {
  const rows = Array.from({ length: count }, (_, index) => indexRow(`f${index}`, 1));
  const posted: [number, boolean][] = [];
  let asked = 0;
  const end = await sendIndexPages({
    load: async (after, limit) => {
      const from = rows.findIndex(({ path }) => path === after) + 1;
      return packIndex(rows.slice(from, from + limit));
    },
    post: (page, isDone) => void posted.push([page.length, isDone]),
    isWanted: () => true,
    isForAnother: async () => {
      asked += 1;
      return isForAnother;
    },
  });
  return { end, asked, posted: posted.map(([bytes, isDone]) => [bytes > 0, isDone]) };
}

test('Of an index that is for another host nothing is sent.', async () => {
  expect(await send(12_000, true)).toEqual({ end: 'forAnother', asked: 1, posted: [] });
});

test('Otherwise all of it is sent, in pages.', async () => {
  const posted = [
    [true, false],
    [false, true],
  ];
  expect(await send(5_000)).toEqual({ end: 'sent', asked: 1, posted });
});

test('Nobody asks where a small one belongs.', async () => {
  expect(await send(4_999, true)).toEqual({ end: 'sent', asked: 0, posted: [[true, true]] });
});
