import { expect, test } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { withContentMoves } from '#codi/protocol/content-move.js';
import type { FileEventRecord } from '#codi/protocol/file-event.js';
import { contentMoves } from '#codi/workers/storage/content-moves.js';
import { fileEvent, stat } from '../../../support/ledger-store.ts';

const checksum = (n: number) => Buffer.alloc(32, n);
const create = (path: string, n: number, more = {}) =>
  fileEvent('create', path, { checksum: checksum(n), stat: stat({ size: 5 }), ...more });
const remove = (path: string, more = {}) => fileEvent('delete', path, { stat: null, ...more });

/** `index`: contents by path. */
function shown(events: FileEventRecord[], index: Record<string, number>): string[] {
  const known = {
    checksum: (path: BytePath) => (path in index ? checksum(index[path]!) : null),
    countWith: (content: Uint8Array) =>
      Math.min(2, Object.values(index).filter((n) => n === content[0]).length),
  };
  return withContentMoves(events, contentMoves(events, known)).map(({ event, path, from }) =>
    [event, ...(from === undefined ? [] : [from]), path].join(' '),
  );
}

test('A delete and a create of the same content are a move, in either order.', () => {
  expect(shown([create('b', 1), remove('a')], { a: 1 })).toEqual(['move a b']);
  expect(shown([remove('a'), create('c', 2), create('b', 1)], { a: 1 })).toEqual([
    'create c',
    'move a b',
  ]);
});

test('They are not when they could be paired otherwise, or nothing is known.', () => {
  const ab = ['create b', 'delete a'];
  expect(shown([create('b', 1), remove('a')], {})).toEqual(ab);
  expect(shown([create('b', 1), remove('a')], { a: 2 })).toEqual(ab);
  // Another file with the content: b may be a copy of that.
  expect(shown([create('b', 1), remove('a')], { a: 1, x: 1 })).toEqual(ab);
  expect(shown([create('b', 1), create('c', 1), remove('a')], { a: 1 })).toHaveLength(3);
  expect(shown([create('c', 1), remove('a'), remove('b')], { a: 1, b: 1 })).toHaveLength(3);
  const plain = fileEvent('create', 'b', { stat: stat({ size: 5 }) });
  expect(shown([plain, remove('a')], { a: 1 })).toEqual(ab);
});

test('Nor when one of them is no file with content, or something else happened to it.', () => {
  const empty = create('b', 1, { stat: stat({ size: 0 }) });
  expect(shown([empty, remove('a')], { a: 1 })).toEqual(['create b', 'delete a']);
  const link = create('b', 1, { kind: 'symlink' });
  expect(shown([link, remove('a')], { a: 1 })).toEqual(['create b', 'delete a']);
  const update = fileEvent('update', 'b');
  expect(shown([create('b', 1), update, remove('a')], { a: 1 })).toHaveLength(3);
  const dir = fileEvent('move', 'e', { from: 'd' as BytePath, kind: 'dir' });
  expect(shown([dir, create('b', 1), remove('a')], { a: 1 })).toHaveLength(3);
});

test('Nor when the folder it was in went before the create: what was in a folder goes first.', () => {
  const folder = remove('d/e', { kind: 'dir' });
  const index = { 'd/e/a': 1 };
  expect(shown([remove('d/e/a'), folder, create('b', 1)], index)).toEqual([
    'delete d/e/a',
    'delete d/e',
    'create b',
  ]);
  const above = [remove('d/e/a'), folder, remove('d', { kind: 'dir' }), create('d', 1)];
  expect(shown(above, index)).toHaveLength(4);
  expect(shown([create('b', 1), remove('d/e/a'), folder], index)).toEqual([
    'move d/e/a b',
    'delete d/e',
  ]);
  const other = remove('d/f', { kind: 'dir' });
  expect(shown([remove('d/e/a'), other, create('b', 1)], index)).toEqual([
    'delete d/f',
    'move d/e/a b',
  ]);
});
