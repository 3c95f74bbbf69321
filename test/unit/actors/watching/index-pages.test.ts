import { expect, test } from 'vitest';
import { sendIndexPages } from '#codi/actors/watching/index-pages.js';
import type { IndexRow } from '#codi/protocol/file-event.js';
import { indexRow } from '../../../support/fake-watch-host.ts';

const directories = (count: number): IndexRow[] =>
  Array.from({ length: count }, (_, index) => ({ ...indexRow(`d${index}`, 1), kind: 'dir' }));

async function send(rows: IndexRow[], isForAnother: (directories: number) => boolean) {
  const posted: [number, boolean][] = [];
  const end = await sendIndexPages({
    load: async (after, limit) => {
      const from = rows.findIndex(({ path }) => path === after) + 1;
      return rows.slice(from, from + limit);
    },
    post: (page, isDone) => void posted.push([page.length, isDone]),
    isWanted: () => true,
    isForAnother,
  });
  return { end, posted };
}

test('An index with more directories than a host takes is broken off, not sent to its end.', async () => {
  const { end, posted } = await send(directories(12_000), (count) => count > 8_000);
  expect({ end, posted }).toEqual({ end: 'forAnother', posted: [[5_000, false]] });
});

test('Otherwise all of it is sent, in pages.', async () => {
  const { end, posted } = await send(directories(5_000), () => false);
  expect(end).toBe('sent');
  expect(posted).toEqual([
    [5_000, false],
    [0, true],
  ]);
});
