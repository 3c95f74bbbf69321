import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileKind, IndexRow } from '#codi/protocol/file-event.js';
import { IndexPageReader, packIndex, unpackIndex } from '#codi/protocol/index-page.js';

const MAX_64 = 2n ** 64n - 1n;

const name = fc.stringMatching(/^[\x01-\x2e\x30-\xff]{1,12}$/);
const row: fc.Arbitrary<IndexRow> = fc.record({
  path: fc
    .tuple(fc.constantFrom('', '/', 'a/', 'a/b/', 'b/', 'long/er/'), name)
    .map(([directory, last]) => (directory + last) as BytePath),
  kind: fc.constantFrom<FileKind[]>('file', 'dir', 'symlink', 'other'),
  stat: fc.record({
    dev: fc.bigInt(0n, MAX_64),
    ino: fc.bigInt(0n, MAX_64),
    size: fc.maxSafeNat(),
    mtimeNs: fc.bigInt(-(2n ** 66n), 2n ** 66n),
    ctimeNs: fc.bigInt(-(2n ** 66n), 2n ** 66n),
    mode: fc.nat(2 ** 32 - 1),
    nlink: fc.nat(2 ** 32 - 1),
  }),
});

test('A page gives back the rows it was made of, whatever their names and numbers are.', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
      const page = packIndex(rows);
      expect(unpackIndex(page.bytes)).toEqual(rows);
      expect([page.rows, page.last]).toEqual([rows.length, rows.at(-1)?.path]);
    }),
  );
});

test('It grows with its rows, the longest paths of all too.', () => {
  const rows = Array.from({ length: 300 }, (_, index) => ({
    path: `${'d'.repeat(4_000)}${index}/${'n'.repeat(200)}` as BytePath,
    kind: 'file' as const,
    stat: { dev: 1n, ino: 1n, size: 1, mtimeNs: 1n, ctimeNs: 1n, mode: 1, nlink: 1 },
  }));
  expect(unpackIndex(packIndex(rows).bytes)).toEqual(rows);
});

test('A root that is a single file has one row with an empty path.', () => {
  const stat = { dev: 1n, ino: 1n, size: 1, mtimeNs: 1n, ctimeNs: 1n, mode: 1, nlink: 1 };
  const page = packIndex([{ path: '' as BytePath, kind: 'file', stat }]);
  const reader = new IndexPageReader(page.bytes);
  expect([reader.next(), reader.path, reader.next()]).toEqual([true, '', false]);
});
