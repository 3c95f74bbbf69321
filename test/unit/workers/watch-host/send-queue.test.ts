import { expect, test } from 'vitest';
import { SendQueue } from '#codi/workers/watch-host/send-queue.js';

test('Messages go out in order, and whoever makes them is stopped while the pipe is full.', () => {
  const sent: number[] = [];
  const done: (() => void)[] = [];
  const congestion: boolean[] = [];
  const queue = new SendQueue(
    (message, onSent) => {
      sent.push((message as { id: number }).id);
      done.push(onSent);
    },
    (isCongested) => congestion.push(isCongested),
  );
  for (let id = 0; id < 30; id++) queue.send({ type: 'synced', root: 1, id, batch: 0 });
  expect(sent).toEqual([0, 1, 2, 3]);
  expect(congestion).toEqual([true]);
  while (done.length > 0) done.shift()!();
  expect(sent).toEqual(Array.from({ length: 30 }, (_, id) => id));
  expect(congestion).toEqual([true, false]);
});
