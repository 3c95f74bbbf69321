import { RootTable, type WatchedRoot } from '#codi/actors/watching/root-table.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { expect, test } from 'vitest';

function rootAt(root: number, path: string, state: WatchedRoot['state'] = 'watching'): WatchedRoot {
  return {
    root,
    path: bytePathFromUtf8(path),
    recursive: true,
    patterns: [],
    isPersistent: true,
    createdAtMs: 0,
    state,
    mode: 'native',
    hintSource: 'fs',
    polledDirectories: 0,
    reason: undefined,
    host: 'host-1',
    files: root,
    directories: 0,
    owed: 0,
  };
}

test('The innermost root covers a path, and a name that only begins alike does not.', () => {
  const table = new RootTable(() => undefined);
  const covering = (path: string) => table.covering(bytePathFromUtf8(path))?.root;
  table.add(rootAt(1, '/desk'));
  table.add(rootAt(2, '/desk/deep'));
  expect(['/desk', '/desk/a', '/desk/deep', '/desk/deep/a', '/desk/deeper'].map(covering)).toEqual([
    1, 1, 2, 2, 1,
  ]);
  expect([covering('/workshop'), covering('/')]).toEqual([undefined, undefined]);
  table.add(rootAt(3, '/'));
  expect([covering('/workshop'), covering('/')]).toEqual([3, 3]);
});

test('It is settled when all roots are known and none is on its way.', () => {
  let changes = 0;
  const table = new RootTable(() => (changes += 1));
  expect(table.isSettled).toBe(false);
  table.markLoaded();
  expect(table.isSettled).toBe(true);
  table.add(rootAt(1, '/desk', 'starting'));
  expect(table.isSettled).toBe(false);
  table.update(1, { state: 'scanning' });
  expect(table.isSettled).toBe(false);
  for (const state of ['watching', 'gone', 'failed'] as const) {
    table.update(1, { state });
    expect(table.isSettled).toBe(true);
  }
  table.clear();
  expect([table.isSettled, changes]).toEqual([false, 7]);
});

test('Roots are found, counted, changed and removed; unknown ones are left alone.', () => {
  const table = new RootTable(() => undefined);
  table.add(rootAt(1, '/one'));
  table.add(rootAt(2, '/two'));
  table.update(9, { files: 100 });
  table.update(1, { files: 5 });
  expect([table.files, table.get(1)?.files, table.byPath(bytePathFromUtf8('/two'))?.root]).toEqual([
    7, 5, 2,
  ]);
  table.remove(1);
  expect(table.all().map(({ root }) => root)).toEqual([2]);
  expect(table.byPath(bytePathFromUtf8('/one'))).toBeUndefined();
});
