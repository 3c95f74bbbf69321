import { expect, test } from 'vitest';
import { bytePathFromBuffer, bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { EntryFilter } from '#codi/workers/watch-host/entry-filter.js';

function filter(options: { patterns?: string[]; ignore?: string[]; useDefaultIgnores?: boolean }) {
  return new EntryFilter({ patterns: [], ignore: [], useDefaultIgnores: true, ...options });
}

function isIgnored(of: EntryFilter, path: string): boolean {
  return of.isIgnoredOnTheWay(bytePathFromUtf8(path));
}

test('What tools make is ignored by default at any depth, what people name themselves is not.', () => {
  const defaults = filter({});
  for (const path of ['.git', 'a/.git/config', 'node_modules/x', 'a/b/__pycache__/c.pyc', '.venv'])
    expect(isIgnored(defaults, path), path).toBe(true);
  for (const path of [
    'build',
    'dist/a',
    'target/x',
    '.github/ci.yml',
    '.gitignore',
    'git',
    'vendor',
  ])
    expect(isIgnored(defaults, path), path).toBe(false);
  expect(isIgnored(filter({ useDefaultIgnores: false }), '.git')).toBe(false);
});

test('An ignore glob without a slash matches names, one with a slash the path from the root.', () => {
  const of = filter({ ignore: ['*.log', 'gen/out', '/top', 'tmp/'] });
  for (const path of ['a.log', 'x/y/a.log', 'gen/out/file', 'top', 'tmp', 'x/tmp/file'])
    expect(isIgnored(of, path), path).toBe(true);
  for (const path of ['a.logs', 'x/gen/out', 'x/top', 'gen'])
    expect(isIgnored(of, path), path).toBe(false);
});

test('The last matching glob decides, and a negated one takes back a default.', () => {
  const of = filter({ ignore: ['*.log', '!keep.log', '!.git', '.git/objects'] });
  expect(isIgnored(of, 'a.log')).toBe(true);
  expect(isIgnored(of, 'keep.log')).toBe(false);
  expect(isIgnored(of, '.git/hooks')).toBe(false);
  expect(isIgnored(of, '.git/objects/ab')).toBe(true);
});

test('Include patterns match the relative path or the name, with dot files and names that hold newlines.', () => {
  const of = filter({ patterns: ['*.txt', 'src/**/*.ts'] });
  const isIncluded = (path: string) =>
    of.isIncluded(bytePathFromUtf8(path), path.slice(path.lastIndexOf('/') + 1));
  for (const path of [
    'a.txt',
    'x/y/.a.txt',
    'src/a.ts',
    'src/.x/a.ts',
    'two\nlines.txt',
    'src/a\nb/c.ts',
  ])
    expect(isIncluded(path), path).toBe(true);
  for (const path of ['a.ts', 'lib/src/a.ts', 'a.txt.gz'])
    expect(isIncluded(path), path).toBe(false);
});

test('Globs match letters of any script, and names that are not UTF-8 do no harm.', () => {
  const of = filter({ ignore: ['?.txt', 'größe'] });
  expect(isIgnored(of, 'ü.txt')).toBe(true);
  expect(isIgnored(of, 'a/größe')).toBe(true);
  const odd = bytePathFromBuffer(Buffer.from([0xff, 0xfe]));
  expect(of.isIgnored(odd, odd)).toBe(false);
});
