import { expect, it } from 'vitest';
import { Outflow } from '#codi/actors/serving/outflow.js';
import { ServingWorld } from '../../../support/serving-world.ts';

it('What waits for a slow reader is its own, not the answers to everybody else.', () => {
  const written: Uint8Array[] = [];
  const socket = {
    peer: { transport: 'unix' as const },
    queuedBytes: 0,
    write(bytes: Uint8Array) {
      written.push(bytes);
      this.queuedBytes += bytes.length;
      return false;
    },
    listen: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  };
  const { ports } = new ServingWorld();
  const outflow = new Outflow(socket, ports, { isGreeted: () => true, onCut: () => undefined });
  const group = Buffer.alloc(100_000, 1);
  for (const start of [0, 100, 200]) {
    group.fill(start, start, start + 100);
    outflow.writePart(group.subarray(start, start + 100), 1);
  }
  group.fill(9);
  expect(written.map((bytes) => [bytes.length, bytes[99]])).toEqual([
    [100, 0],
    [100, 100],
    [100, 200],
  ]);
  const [first, ...later] = written.map(({ buffer }) => buffer.byteLength);
  expect([first! < group.byteLength, later]).toEqual([true, [100, 100]]);
});
