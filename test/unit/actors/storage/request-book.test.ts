import { RequestBook } from '#codi/actors/storage/request-book.js';
import { WriterAbsence } from '#codi/actors/storage/writer-absence.js';
import { expect, test } from 'vitest';

function newBook(limitCount = 10) {
  const book = new RequestBook<string>(limitCount);
  const posted: [number, unknown][] = [];
  const attach = () => book.attach(({ id, command }) => posted.push([id, command]));
  return { book, posted, attach };
}

test('A request is posted at once and resolves with its own answer.', async () => {
  const { book, posted, attach } = newBook();
  attach();
  const one = book.request('one');
  const two = book.request('two');
  expect(posted).toEqual([
    [1, 'one'],
    [2, 'two'],
  ]);
  book.answer(2, { ok: true, result: 'second' });
  book.answer(1, { ok: false, error: new Error('first') });
  await expect(two).resolves.toBe('second');
  await expect(one).rejects.toThrow('first');
  expect(book.isEmpty).toBe(true);
});

test('What has no answer is asked again of the next writer, in order, and answered once.', async () => {
  const { book, posted, attach } = newBook();
  const early = book.request('early');
  attach();
  const answered = book.request('answered');
  const open = book.request('open');
  book.answer(2, { ok: true, result: 1 });
  book.detach();
  const late = book.request('late');
  posted.length = 0;
  attach();
  expect(posted).toEqual([
    [1, 'early'],
    [3, 'open'],
    [4, 'late'],
  ]);
  for (const id of [1, 2, 3, 4, 3]) book.answer(id, { ok: true, result: id });
  await expect(Promise.all([early, answered, open, late])).resolves.toEqual([1, 1, 3, 4]);
});

test('Too many waiting requests are refused with the advice to try again.', async () => {
  const { book } = newBook(1);
  const first = book.request('first');
  await expect(book.request('second')).rejects.toMatchObject({
    code: 'CODI_OVERLOADED',
    retryable: true,
  });
  book.answer(1, { ok: true, result: undefined });
  await first;
});

test('An idle book says so at once, a busy one when its last answer has come.', async () => {
  const { book } = newBook();
  const seen: string[] = [];
  book.whenIdle(() => seen.push('empty'));
  const one = book.request('one');
  const two = book.request('two');
  book.whenIdle(() => seen.push('answered'));
  book.answer(1, { ok: true, result: 1 });
  expect(seen).toEqual(['empty']);
  book.answer(2, { ok: true, result: 2 });
  expect(seen).toEqual(['empty', 'answered']);
  await Promise.all([one, two]);
});

test('Who is patient waits for a writer that has been away for long; others are told to come back.', async () => {
  let nowMs = 0;
  const book = new RequestBook<string>(10, new WriterAbsence(() => nowMs));
  book.lose();
  nowMs = 60_000;
  await expect(book.request('one')).rejects.toMatchObject({ code: 'CODI_STORAGE_UNAVAILABLE' });
  const patient = book.request('two', { isPatient: true });
  book.attach(({ id }) => book.answer(id, { ok: true, result: 'late' }));
  await expect(patient).resolves.toBe('late');
});
