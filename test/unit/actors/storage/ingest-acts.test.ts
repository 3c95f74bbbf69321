import type { IngestLimits } from '#codi/actors/storage/ingest-buffer.js';
import { describe, expect, it } from 'vitest';
import { newIngestBuffer, takeAll } from '../../../support/ingest.ts';
import { context } from '../../../support/ledger-thread.ts';

const newBuffer = (limits: Partial<IngestLimits> = {}) =>
  newIngestBuffer({ limitBytes: 10_000, inFlightBytes: 10_000, ...limits });

describe('an act', () => {
  const act = (kind: string) => ({
    id: Buffer.alloc(16, kind),
    seconds: 1,
    nanos: 2,
    kind,
    subject: 's',
    actor: null,
    data: null,
  });

  it('goes to the thread in its turn, and again when the thread died or refused it', () => {
    const buffer = newBuffer();
    buffer.offerFrame(context(), Buffer.from('a'));
    expect(buffer.offerAct(act('kill'))).toBe(true);
    buffer.offerFrame(context(), Buffer.from('b'));
    const first = takeAll(buffer);
    expect(first).toHaveLength(2);
    expect(first[0]).toEqual({ type: 'acts', batch: 1, acts: [act('kill')] });
    buffer.rewind();
    expect(takeAll(buffer)).toEqual(first);
    buffer.refuse([1]);
    expect(takeAll(buffer)).toEqual([first[0]]);
    buffer.settle([1, 2]);
    expect([buffer.bytes, buffer.frames, buffer.isEmpty]).toEqual([0, 0, true]);
  });

  it('is not taken beyond the bound', () => {
    const buffer = newBuffer({ limitFrames: 1 });
    expect(buffer.offerAct(act('one'))).toBe(true);
    expect(buffer.offerAct(act('two'))).toBe(false);
    expect(takeAll(buffer)).toHaveLength(1);
  });
});
