import { contextText, KnownContexts } from '#codi/workers/storage/contexts.messages.js';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  connectionContext as context,
  INGEST_ROOT as ROOT,
  newIngestBuffer as newBuffer,
  offerChanges,
  takeAll,
} from '../../../support/ingest.ts';

describe('frames', () => {
  it('go to the thread as one batch with their contexts and offsets', () => {
    const buffer = newBuffer();
    const [one, two] = [context(1), context(2)];
    expect(buffer.offerFrame(one, Buffer.from('aaa'))).toBe(true);
    expect(buffer.offerFrame(one, Buffer.from('b'))).toBe(true);
    expect(buffer.offerFrame(two, Buffer.from('cc'))).toBe(true);
    expect(takeAll(buffer)).toEqual([
      {
        type: 'entries',
        batch: 1,
        bytes: new Uint8Array(Buffer.from('aaabcc')),
        frames: Int32Array.of(0, 0, 3, 0, 3, 1, 1, 4, 2),
        contexts: [contextText(one), contextText(two)],
      },
    ]);
  });

  it('begin a new batch when the present one is full, also a frame larger than a batch', () => {
    const buffer = newBuffer();
    for (const size of [60, 60, 300, 10]) buffer.offerFrame(context(1), Buffer.alloc(size));
    expect(takeAll(buffer).map((message) => 'bytes' in message && message.bytes.length)).toEqual([
      60, 60, 300,
    ]);
  });

  it('are refused at either bound, and then nothing is taken', () => {
    const byBytes = newBuffer({ limitBytes: 100 });
    expect(byBytes.offerFrame(context(1), Buffer.alloc(100))).toBe(true);
    expect(byBytes.offerFrame(context(1), Buffer.alloc(1))).toBe(false);
    expect([byBytes.bytes, byBytes.frames]).toEqual([100, 1]);
    const byCount = newBuffer({ limitFrames: 1 });
    expect(byCount.offerFrame(context(1), Buffer.alloc(1))).toBe(true);
    expect(byCount.offerFrame(context(1), Buffer.alloc(1))).toBe(false);
  });

  it('do not join a batch that the thread has seen', () => {
    const buffer = newBuffer();
    buffer.offerFrame(context(1), Buffer.from('a'));
    takeAll(buffer);
    buffer.rewind();
    buffer.offerFrame(context(1), Buffer.alloc(60));
    expect(takeAll(buffer).map(batchOf)).toEqual([1, 2]);
  });

  it('wait while there are enough messages at the thread, and then go together', () => {
    const buffer = newBuffer({ inFlightCount: 2 });
    const sizes: unknown[] = [];
    for (let frame = 0; frame < 5; frame++) {
      buffer.offerFrame(context(1), Buffer.alloc(10));
      for (const message of takeAll(buffer))
        if ('bytes' in message) sizes.push(message.bytes.length);
    }
    expect(sizes).toEqual([10, 10]);
    buffer.settle([1]);
    expect(takeAll(buffer).map((message) => 'bytes' in message && message.bytes.length)).toEqual([
      30,
    ]);
  });

  it('of one connection do not wait behind the flood of another', () => {
    const buffer = newBuffer({ limitBytes: 1e6, limitFrames: 1e4, batchBytes: 1_000 });
    for (let frame = 0; frame < 500; frame++) buffer.offerFrame(context(1), Buffer.alloc(500));
    buffer.take();
    buffer.offerFrame(context(2), Buffer.alloc(10));
    buffer.settle([1]);
    const connections: number[] = [];
    for (let batch = 0; batch < 40; batch++) {
      const message = buffer.take();
      if (message?.type !== 'entries') break;
      const known = new KnownContexts();
      connections.push(...message.contexts.map((text) => known.read(text).connection));
      buffer.settle([message.batch]);
      if (connections.includes(2)) break;
    }
    expect(connections.length).toBeLessThan(40);
    expect(connections).toContain(2);
  });

  it('of a batch that is answered leave their memory to the next', () => {
    const buffer = newBuffer();
    const memory = new Set<unknown>();
    for (let round = 0; round < 50; round++) {
      for (let frame = 0; frame < 3; frame++)
        buffer.offerFrame(context(1), Buffer.alloc(60, round));
      const messages = takeAll(buffer);
      for (const message of messages) {
        if (message.type !== 'entries') continue;
        memory.add(message.bytes.buffer);
        expect(message.bytes.every((byte) => byte === round)).toBe(true);
      }
      buffer.settle(messages.map((message) => batchOf(message)!));
    }
    expect(memory.size).toBe(3);
  });

  it('wait while enough is at the thread, but one batch always goes', () => {
    const buffer = newBuffer({ batchBytes: 500, inFlightBytes: 10 });
    for (const size of [400, 400]) buffer.offerFrame(context(1), Buffer.alloc(size));
    expect(takeAll(buffer).map(batchOf)).toEqual([1]);
    buffer.settle([1]);
    expect(takeAll(buffer).map(batchOf)).toEqual([2]);
  });
});

describe('accounting', () => {
  it('is back at nothing after every way a batch can end', () => {
    const buffer = newBuffer();
    for (let frame = 0; frame < 6; frame++) buffer.offerFrame(context(1), Buffer.alloc(60));
    takeAll(buffer);
    buffer.settle([1]);
    buffer.refuse([2]);
    buffer.rewind();
    takeAll(buffer);
    buffer.settle([3, 4]);
    buffer.refuse([5, 6]);
    expect([buffer.bytes, buffer.frames, buffer.isEmpty]).toEqual([0, 0, true]);
  });

  it('does not count a batch twice that is settled, refused or answered again', () => {
    const buffer = newBuffer();
    buffer.offerFrame(context(1), Buffer.alloc(60));
    buffer.offerFrame(context(1), Buffer.alloc(60));
    takeAll(buffer);
    buffer.settle([1, 1]);
    buffer.settle([1]);
    buffer.refuse([1]);
    buffer.settleRoot(1, { rootId: 1, lastSequence: 0, isNew: false });
    buffer.settleRoot(2, { rootId: 1, lastSequence: 0, isNew: false });
    expect([buffer.bytes, buffer.frames]).toEqual([60, 1]);
  });

  it('ignores an answer for a batch that is to be replayed', () => {
    const buffer = newBuffer();
    buffer.offerFrame(context(1), Buffer.alloc(60));
    takeAll(buffer);
    expect(buffer.rewind()).toBe(1);
    buffer.settle([1]);
    expect(buffer.frames).toBe(1);
    expect(takeAll(buffer).map(batchOf)).toEqual([1]);
  });
});

describe('replay', () => {
  it('gives everything without an answer again, in order, with the same bytes', () => {
    const buffer = newBuffer();
    for (const size of [60, 61, 62]) buffer.offerFrame(context(1), Buffer.alloc(size));
    offerChanges(buffer, 1);
    const first = takeAll(buffer);
    buffer.settle([2]);
    expect(buffer.rewind()).toBe(2);
    expect(takeAll(buffer)).toEqual(first.filter((message) => batchOf(message) !== 2));
  });

  it('keeps the order also when something was refused before the thread died', () => {
    const buffer = newBuffer();
    for (const sequence of [1, 2, 3]) offerChanges(buffer, sequence);
    takeAll(buffer);
    buffer.refuse([1]);
    buffer.rewind();
    expect(takeAll(buffer).map(batchOf)).toEqual([1, 2, 3]);
  });
});

describe('a refusal', () => {
  it('ends entries, which were answered, and keeps everything else in its order', () => {
    const buffer = newBuffer();
    offerChanges(buffer, 1);
    buffer.offerFrame(context(1), Buffer.alloc(60));
    offerChanges(buffer, 2);
    buffer.openRoot(ROOT, () => undefined);
    offerChanges(buffer, 3);
    const taken = [1, 2, 3, 4].map(() => batchOf(buffer.take()));
    expect(taken, 'entries take turns with the others').toEqual([1, 5, 2, 3]);
    buffer.refuse([3]);
    buffer.refuse([2]);
    buffer.refuse([5, 1]);
    expect(buffer.frames).toBe(0);
    expect(takeAll(buffer).map(batchOf)).toEqual([1, 2, 3, 4]);
  });
});

describe('listeners', () => {
  it('hear of work only while they are attached', () => {
    const buffer = newBuffer();
    let calls = 0;
    buffer.attach(() => (calls += 1));
    buffer.offerFrame(context(1), Buffer.alloc(1));
    offerChanges(buffer, 1);
    buffer.openRoot(ROOT, () => undefined);
    expect(calls).toBe(3);
    buffer.detach();
    buffer.offerFrame(context(1), Buffer.alloc(1));
    expect(calls).toBe(3);
  });

  it('that wait for room are called once, when less than half is used', () => {
    const buffer = newBuffer({ limitBytes: 200 });
    let calls = 0;
    for (let frame = 0; frame < 2; frame++) buffer.offerFrame(context(1), Buffer.alloc(90));
    expect(buffer.isPressing).toBe(true);
    buffer.whenDrained(() => (calls += 1));
    buffer.settle([]);
    expect(calls).toBe(0);
    takeAll(buffer);
    buffer.settle([1]);
    expect([calls, buffer.isPressing]).toEqual([1, false]);
    buffer.settle([2]);
    expect(calls).toBe(1);
  });

  it('that wait for room may wait again, and refusals make room as well', () => {
    const buffer = newBuffer({ limitFrames: 2 });
    let calls = 0;
    for (let frame = 0; frame < 2; frame++) buffer.offerFrame(context(1), Buffer.alloc(90));
    const again = () => {
      calls += 1;
      if (calls === 1) buffer.whenDrained(again);
    };
    buffer.whenDrained(again);
    takeAll(buffer);
    buffer.refuse([1]);
    expect(calls).toBe(1);
    buffer.settle([2]);
    expect(calls).toBe(2);
  });
});
