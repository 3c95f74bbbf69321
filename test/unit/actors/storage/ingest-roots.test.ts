import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  INGEST_ROOT as ROOT,
  newIngestBuffer as newBuffer,
  offerChanges,
  takeAll,
} from '../../../support/ingest.ts';

describe('a root', () => {
  it('is opened with what the ledger says', () => {
    const buffer = newBuffer();
    const opened: unknown[] = [];
    buffer.openRoot(ROOT, (answer) => opened.push(answer));
    expect(takeAll(buffer)).toEqual([{ type: 'openRoot', batch: 1, rootPath: ROOT }]);
    buffer.settleRoot(1, { rootId: 7, lastSequence: 3, isNew: false });
    buffer.settleRoot(1, { rootId: 8, lastSequence: 4, isNew: false });
    expect(opened).toEqual([{ rootId: 7, lastSequence: 3, isNew: false }]);
    expect(buffer.isEmpty).toBe(true);
  });

  it('is asked for again when changes before it were refused, because the answer lacks them', () => {
    const buffer = newBuffer();
    const committed: number[] = [];
    const opened: number[] = [];
    offerChanges(buffer, 5, committed);
    buffer.openRoot(ROOT, ({ lastSequence }) => opened.push(lastSequence));
    takeAll(buffer);
    buffer.refuse([1]);
    buffer.settleRoot(2, { rootId: 1, lastSequence: 4, isNew: false });
    expect(opened).toEqual([]);
    expect(takeAll(buffer).map(batchOf)).toEqual([1, 2]);
    buffer.settle([1]);
    buffer.settleRoot(2, { rootId: 1, lastSequence: 5, isNew: false });
    expect([committed, opened]).toEqual([[5], [5]]);
  });

  it('is asked for again also when that refusal arrives after the answer', () => {
    const buffer = newBuffer();
    const opened: number[] = [];
    offerChanges(buffer, 5);
    buffer.openRoot(ROOT, ({ lastSequence }) => opened.push(lastSequence));
    takeAll(buffer);
    buffer.settleRoot(2, { rootId: 1, lastSequence: 3, isNew: false });
    buffer.refuse([1]);
    expect([opened, takeAll(buffer).map(batchOf)]).toEqual([[], [1, 2]]);
  });

  it('is asked for again when those changes are taken behind it in the end', () => {
    const buffer = newBuffer();
    const opened: number[] = [];
    offerChanges(buffer, 5);
    buffer.openRoot(ROOT, ({ lastSequence }) => opened.push(lastSequence));
    takeAll(buffer);
    buffer.refuse([1]);
    takeAll(buffer);
    buffer.settle([1]);
    buffer.settleRoot(2, { rootId: 1, lastSequence: 4, isNew: false });
    expect([opened, takeAll(buffer).map(batchOf)]).toEqual([[], [2]]);
    buffer.settleRoot(2, { rootId: 1, lastSequence: 5, isNew: false });
    expect(opened).toEqual([5]);
  });

  it('does not wait for changes of another root', () => {
    const buffer = newBuffer();
    let isOpened = false;
    offerChanges(buffer, 5);
    buffer.openRoot(bytePathFromUtf8('/other'), () => (isOpened = true));
    takeAll(buffer);
    buffer.refuse([1]);
    buffer.settleRoot(2, { rootId: 2, lastSequence: 0, isNew: false });
    expect(isOpened).toBe(true);
  });
});
