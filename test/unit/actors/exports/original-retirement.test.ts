import { expect, test } from 'vitest';
import { OriginalRetirement } from '#codi/actors/exports/original-retirement.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { CodiError } from '#codi/protocol/errors.js';

const PATH = bytePathFromUtf8('/shop/EXPORT.txt');
const FOLDER = bytePathFromUtf8('/kept');
const KEPT = { identity: { dev: 1n, ino: 2n, size: 3, mtimeNs: 4n }, checksum: 'ab'.repeat(32) };

function world(answer: () => unknown, policy: 'keep' | 'delete' | { moveTo: typeof FOLDER }) {
  const acts: { id: Buffer; kind: string; subject: string; data: object }[] = [];
  const told: [string, unknown][] = [];
  const asked: unknown[] = [];
  let hasRoom = true;
  const retirement = new OriginalRetirement({
    policy,
    threads: {
      run: async (_task: string, input: unknown) => {
        asked.push(input);
        return answer();
      },
    } as never,
    reader: { last: async () => ({ id: 12 }) } as never,
    recordAct: (act) => {
      if (hasRoom) acts.push(act);
      return hasRoom;
    },
    telemetry: { emit: (kind: string, fields: unknown) => told.push([kind, fields]) } as never,
  });
  const retire = (isLast = false) =>
    retirement.retire({ path: PATH, root: PATH }, KEPT, { isLast });
  return { retirement, retire, acts, told, asked, full: () => (hasRoom = false) };
}

test('Transcripts, and what lies where exports go, are nobody’s to move.', () => {
  const of = (policy: Parameters<typeof world>[1], path = '/shop/EXPORT.txt', kind = 'export') =>
    world(() => undefined, policy).retirement.concerns({
      kind: kind as 'export',
      path: bytePathFromUtf8(path),
    });
  expect(of('keep')).toBe(false);
  expect(of('delete')).toBe(true);
  expect(of('delete', '/shop/a.jsonl', 'transcript')).toBe(false);
  expect(of({ moveTo: FOLDER })).toBe(true);
  expect(of({ moveTo: FOLDER }, '/kept/EXPORT.txt')).toBe(false);
  expect(of({ moveTo: FOLDER }, '/kept-not/EXPORT.txt')).toBe(true);
});

test('A file that was moved there is waited for under its old name, one that somebody else moved is not.', () => {
  const { retirement } = world(() => undefined, { moveTo: FOLDER });
  const found = (path: string) => ({ path: bytePathFromUtf8(path), from: PATH }) as never;
  expect(retirement.seen(found('/kept/EXPORT.txt'))).toMatchObject({ from: null });
  expect(retirement.seen(found('/shop/other/EXPORT.txt'))).toMatchObject({ from: PATH });
});

test('What was done is an act, the same for the same file.', async () => {
  const { retire, acts, asked, full } = world(() => ({ outcome: 'deleted' }), 'delete');
  expect(await retire()).toBe(true);
  expect(await retire()).toBe(true);
  expect(asked[0]).toEqual({ path: PATH, root: PATH, ...KEPT, moveTo: null });
  expect(acts[0]).toMatchObject({ kind: 'export.original.deleted', subject: 'export:12' });
  expect(acts[1]!.id).toEqual(acts[0]!.id);
  // Told again after a kill it is gone already: that says nothing new.
  const gone = world(() => ({ outcome: 'gone' }), 'delete');
  await gone.retire();
  expect(gone.acts[0]!.id).toEqual(acts[0]!.id);
  full();
  expect(await retire()).toBe(false);
});

test('What fails is told and tried again, and in the end recorded: the original stays.', async () => {
  const { retire, acts, told } = world(
    () => {
      throw new CodiError('CODI_EXPORT_ORIGINAL_KEPT', { reason: 'EACCES' });
    },
    { moveTo: FOLDER },
  );
  expect(await retire()).toBe(false);
  expect(acts).toEqual([]);
  expect(told).toEqual([['ExportOriginalRetried', { reason: 'EACCES' }]]);
  expect(await retire(true)).toBe(true);
  expect(acts).toMatchObject([{ kind: 'export.original.kept', data: { reason: 'EACCES' } }]);
});

test('Another file in its place is no news, and what is no expected error ends the actor.', async () => {
  const { retire, acts } = world(() => ({ outcome: 'changed' }), 'delete');
  expect(await retire()).toBe(true);
  expect(acts).toEqual([]);
  const broken = world(() => {
    throw new TypeError('broken');
  }, 'delete');
  await expect(broken.retire(true)).rejects.toThrow('broken');
});
