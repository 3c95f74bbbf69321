import { describe, expect, it } from 'vitest';
import { assertGlob, globMatcher } from '#codi/workers/storage/path-glob.js';

describe('a glob for paths', () => {
  it.each([
    ['*.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/b/a.ts', false],
    ['src/**/*.ts', 'src/b/c/a.ts', true],
    ['*.{ts,js}', 'b/a.js', true],
    ['[ab].ts', 'b.ts', true],
    ['.hid*', 'x/.hidden', true],
    ['a (1).*', 'x/a (1).txt', true],
    ['a\\(1\\).*', 'a(1).txt', true],
    ['[a]+', 'a+', true],
    ['[a]+', 'aaa', false],
  ])('%s matches %s: %s', (pattern, path, expected) => {
    assertGlob(pattern);
    expect(globMatcher(pattern)(path)).toBe(expected);
  });

  it('has no groups, so that no pattern runs for ever', () => {
    const path = 'a'.repeat(200);
    for (const pattern of ['@(a+)+b', '+(+(a))b', '(a|aa)+b', '*(*(*(a)))b']) {
      assertGlob(pattern);
      expect(globMatcher(pattern)(path)).toBe(false);
    }
  });

  it.each(['*a*a*a*a*b', '**/a/**/a/**/a/**/a/**/b', `${'a'.repeat(1025)}*`])(
    'is refused when it could cost too much: %s',
    (pattern) => {
      expect(() => assertGlob(pattern)).toThrow(/a glob may have/);
    },
  );
});
