import { IngestBuffer } from '#codi/actors/storage/ingest-buffer.js';
import { RequestBook } from '#codi/actors/storage/request-book.js';
import { WriterAbsence } from '#codi/actors/storage/writer-absence.js';
import { beforeEach, expect, test } from 'vitest';
import { connectionContext } from '../../../support/ingest.ts';

const CONTEXT = connectionContext(1);
const UNAVAILABLE = { code: 'CODI_STORAGE_UNAVAILABLE', details: { retryMs: 1_000 } };

let nowMs: number;
let absence: WriterAbsence;
beforeEach(() => {
  nowMs = 0;
  absence = new WriterAbsence(() => nowMs);
});

test('A writer that is away is waited for, and after five seconds refuses what comes.', () => {
  expect(absence.refusal()).toBeUndefined();
  absence.ended();
  nowMs = 4_999;
  absence.ended();
  expect(absence.refusal()).toBeUndefined();
  nowMs = 5_000;
  expect(absence.refusal()).toMatchObject(UNAVAILABLE);
  absence.worked();
  expect(absence.refusal()).toBeUndefined();
});

test('The buffer keeps what it has, takes no more meanwhile, and takes it again once something was settled.', () => {
  const limits = {
    limitBytes: 100,
    limitFrames: 9,
    connectionBytes: 100,
    batchBytes: 50,
    inFlightBytes: 50,
  };
  const buffer = new IngestBuffer({ ...limits, inFlightCount: 2 }, absence);
  const offer = () => buffer.offerFrame(CONTEXT, Buffer.from('a'));
  expect(offer()).toBe(true);
  const work = buffer.take() as { batch: number };
  buffer.lose();
  buffer.attach(() => undefined);
  nowMs = 5_000;
  expect(offer()).toBe(false);
  expect(buffer.refusal()).toMatchObject(UNAVAILABLE);
  buffer.rewind();
  expect(buffer.take()).toMatchObject({ batch: work.batch });
  buffer.settle([work.batch]);
  expect(offer()).toBe(true);
});

test('A writer that had nothing to do when it ended is back as soon as it serves.', async () => {
  const book = new RequestBook<string>(1, absence);
  book.lose();
  nowMs = 5_000;
  await expect(book.request('one')).rejects.toMatchObject(UNAVAILABLE);
  book.attach(() => undefined);
  expect(absence.refusal()).toBeUndefined();
});
