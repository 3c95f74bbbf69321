import { expect, test } from 'vitest';
import { inSlices } from '#codi/workers/storage/salvage/heal.js';

const STEPS_MAX = 50_000_000;

test('Timers, and with them heartbeats, get through while a salvage works, however long that is.', async () => {
  let beats = 0;
  const timer = setInterval(() => (beats += 1), 5);
  function* work(): Generator<number, number> {
    for (let step = 0; step < STEPS_MAX && beats < 3; step++) yield step / STEPS_MAX;
    return beats;
  }
  const shares: number[] = [];
  expect(await inSlices(work(), (share) => void shares.push(share))).toBe(3);
  clearInterval(timer);
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
});
