import { expect, it } from 'vitest';
import {
  batchOf,
  connectionContext as context,
  newIngestBuffer as newBuffer,
  takeAll,
} from '../../../support/ingest.ts';

it('Frames of one connection that are more than helps are told of, and when half of that is taken.', () => {
  const buffer = newBuffer({ connectionBytes: 250, inFlightCount: 1 });
  let calls = 0;
  buffer.whenTakenFrom(1, () => (calls += 1));
  expect([calls, buffer.isCrowdedBy(1)]).toEqual([1, false]);
  for (let frame = 0; frame < 3; frame++) buffer.offerFrame(context(1), Buffer.alloc(90));
  buffer.whenTakenFrom(1, () => (calls += 1));
  expect([calls, buffer.isCrowdedBy(1), buffer.isCrowdedBy(2)]).toEqual([1, true, false]);
  buffer.settle([batchOf(buffer.take())!]);
  expect([calls, buffer.isCrowdedBy(1)]).toEqual([1, false]);
  takeAll(buffer);
  expect(calls).toBe(2);
});

it('Frames of somebody with few keep batches, and what is at the thread, small beside a flood.', () => {
  const limits = { limitBytes: 1e6, limitFrames: 1e4, batchBytes: 80_000, inFlightBytes: 160_000 };
  const buffer = newBuffer({ ...limits, connectionBytes: 1e6, inFlightCount: 99 });
  const bytesAtThread = () => {
    const messages = takeAll(buffer);
    const sizes = messages.map((message) => ('bytes' in message ? message.bytes.length : 0));
    buffer.settle(messages.map((message) => batchOf(message)!));
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  };
  for (let frame = 0; frame < 900; frame++) buffer.offerFrame(context(1), Buffer.alloc(1_000));
  expect(bytesAtThread()).toBe(160_000);
  buffer.offerFrame(context(2), Buffer.alloc(10));
  for (let round = 0; round < 3; round++) expect(bytesAtThread()).toBeLessThan(65_000);
  bytesAtThread();
  expect(bytesAtThread(), 'nobody else sent for a while').toBe(160_000);
});

it('Few frames wait for the answer to the frames before them, and for nothing else.', () => {
  const buffer = newBuffer({ batchBytes: 1_600, limitBytes: 10_000, inFlightBytes: 4_000 });
  const offer = (bytes: number) => buffer.offerFrame(context(1), Buffer.alloc(bytes));
  const taken = () => takeAll(buffer).map((message) => 'bytes' in message && message.bytes.length);
  offer(10);
  expect(taken()).toEqual([10]);
  offer(60);
  buffer.offerExports({ records: [], cursor: null, pruned: [], onCommitted: () => undefined });
  expect(taken()).toEqual([false]);
  buffer.settle([2]);
  expect(taken()).toEqual([]);
  offer(40);
  expect(taken()).toEqual([100]);
  offer(10);
  buffer.settle([1]);
  expect(taken()).toEqual([]);
  buffer.settle([3]);
  expect([taken(), buffer.isEmpty]).toEqual([[10], false]);
});
