import { expect, test } from 'vitest';
import { isSaveName } from '#codi/workers/watch-host/save-names.js';

const isFile = (name: string) => name === 'f.txt';

test.each([
  'f.txt~',
  'f.txt.bak',
  '.f.txt.swp',
  '#f.txt#',
  '.#f.txt',
  'f.txt.~1~',
  'f.txt.tmp.4711.ab-cd',
  'f.txt___jb_old___',
  '~f.txt',
])('%s is a copy beside the file.', (name) => {
  expect(isSaveName(name, isFile)).toBe(true);
});

test.each(['f.txt', 'g.txt~', 'f', 'xf.txt', 'f.txt2', '~', '...', ''])('%j is not.', (name) => {
  expect(isSaveName(name, isFile)).toBe(false);
});

test('A name of many parts is given up after a few.', () => {
  expect(isSaveName(`f.txt${'.x'.repeat(100)}`, isFile)).toBe(false);
});
