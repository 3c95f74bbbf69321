import { EntryLanes } from '#codi/actors/storage/entry-lanes.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectionContext as context } from '../../../support/ingest.ts';

const KIB = 1024;

/** Takes a batch; gives the connections of its frames. */
function takeConnections(lanes: EntryLanes, limitBytes: number): number[] {
  return (lanes.take(limitBytes)?.frames ?? []).map((frame) => frame.context.connection);
}

describe('lanes', () => {
  it('give the only connection whole batches', () => {
    const lanes = new EntryLanes();
    for (let frame = 0; frame < 300; frame++) lanes.add(context(1), Buffer.alloc(KIB));
    expect(takeConnections(lanes, 256 * KIB)).toHaveLength(256);
    expect(takeConnections(lanes, 256 * KIB)).toHaveLength(44);
    expect(lanes.isEmpty).toBe(true);
    expect(lanes.take(1)).toBeUndefined();
  });

  it('bring a lone frame into the next batch, however much another connection has sent', () => {
    const lanes = new EntryLanes();
    for (let frame = 0; frame < 1_000; frame++) lanes.add(context(1), Buffer.alloc(64 * KIB));
    lanes.take(256 * KIB);
    lanes.add(context(2), Buffer.alloc(100));
    expect(takeConnections(lanes, 256 * KIB)).toContain(2);
  });

  it('share a batch evenly among those that flood, whatever the size of their frames', () => {
    const lanes = new EntryLanes();
    const zeros = Buffer.alloc(1_000_000);
    const sizes = [250, 64 * KIB, 1_000_000];
    const taken = [0, 0, 0];
    for (let batch = 0; batch < 400; batch++) {
      for (const [connection, size] of sizes.entries()) {
        const missing = Math.ceil((256 * KIB) / size);
        for (let frame = 0; frame < missing; frame++) {
          lanes.add(context(connection), zeros.subarray(0, size));
        }
      }
      for (const { context: of, body } of lanes.take(256 * KIB)!.frames) {
        taken[of.connection]! += body.length;
      }
    }
    const [most, least] = [Math.max(...taken), Math.min(...taken)];
    expect(most / least).toBeLessThan(1.1);
  });

  it('keep every frame, in its connection’s order, within the limit of a batch', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ connection: fc.nat(3), size: fc.nat(40_000) }),
            fc.record({ take: fc.integer({ min: 1, max: 60_000 }) }),
          ),
          { maxLength: 200 },
        ),
        (steps) => {
          const lanes = new EntryLanes();
          const sent: Buffer[][] = [[], [], [], []];
          const taken: Buffer[][] = [[], [], [], []];
          const take = (limitBytes: number) => {
            const group = lanes.take(limitBytes);
            if (!group) return;
            const bytes = group.frames.reduce((sum, { body }) => sum + body.length, 0);
            expect(group.bytes).toBe(bytes);
            expect(bytes <= limitBytes || group.frames.length === 1).toBe(true);
            for (const { context: of, body } of group.frames) taken[of.connection]!.push(body);
          };
          for (const step of steps) {
            if ('take' in step) take(step.take);
            else {
              const body = Buffer.alloc(step.size);
              sent[step.connection]!.push(body);
              lanes.add(context(step.connection), body);
            }
          }
          while (!lanes.isEmpty) take(100_000);
          for (const [connection, frames] of sent.entries()) {
            expect(taken[connection]!.length).toBe(frames.length);
            expect(taken[connection]!.every((body, at) => body === frames[at])).toBe(true);
          }
        },
      ),
    );
  });
});
