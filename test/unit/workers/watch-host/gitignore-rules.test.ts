import { expect, test } from 'vitest';
import { parseGitignore } from '#codi/workers/watch-host/gitignore-rules.js';

function verdicts(text: string, paths: string[]) {
  const { rules, problem } = parseGitignore(Buffer.from(text));
  if (!rules) throw new Error(problem);
  return paths.map((path) => rules.verdict(path.replace(/\/$/, ''), path.endsWith('/')) ?? '-');
}

test('Patterns mean what git says they mean: names, anchored paths, directories, negation, globstars.', () => {
  // Each of these was compared with git 2.39.
  const cases: [string, string, string][] = [
    ['*.log', 'a/b.log', 'ignored'],
    ['*.log\n!keep.log', 'keep.log', 'takenBack'],
    ['/top', 'top', 'ignored'],
    ['/top', 'a/top', '-'],
    ['a/b', 'a/b', 'ignored'],
    ['a/b', 'c/a/b', '-'],
    ['build/', 'build', '-'],
    ['build/', 'x/build/', 'ignored'],
    ['**/x/y', 'a/x/y', 'ignored'],
    ['a/**/z', 'a/b/c/z', 'ignored'],
    ['a/**', 'a/b', 'ignored'],
    ['a/**', 'a/', '-'],
    ['# comment\n\n\\#real', '#real', 'ignored'],
    ['\\!bang', '!bang', 'ignored'],
    ['trailing  ', 'trailing', 'ignored'],
    ['kept\\ ', 'kept ', 'ignored'],
    ['[a-c]?.txt', 'bx.txt', 'ignored'],
    ['CASE', 'case', '-'],
    ['crlf\r\nnext\r', 'crlf', 'ignored'],
    ['\uFEFFfirst', 'first', 'ignored'],
    ['fo*', 'foo\nbar', 'ignored'],
  ];
  for (const [text, path, expected] of cases)
    expect(verdicts(text, [path]), `${JSON.stringify(text)} on ${path}`).toEqual([expected]);
});

test('What is below a directory is asked for itself, even if these patterns ignore the directory.', () => {
  expect(verdicts('a/b\n*.o', ['a/b/', 'a/b/c', 'a/b/c.o'])).toEqual(['ignored', '-', 'ignored']);
  expect(verdicts('/[x]*y z/', ['[x]*y z/f'])).toEqual(['-']);
});

test('Answers stay the same when many paths are asked for.', () => {
  const paths = Array.from({ length: 5_000 }, (_, index) => `d${index % 7}/f${index}.o`);
  expect(new Set(verdicts('*.o', paths))).toEqual(new Set(['ignored']));
});

test('A file that asks for too much is refused with its reason.', () => {
  const problem = (text: string) => parseGitignore(Buffer.from(text)).problem;
  expect(problem('# c\n\n'.repeat(2_000) + 'a\n'.repeat(1_000))).toBeUndefined();
  expect(problem('a\n'.repeat(1_001))).toBe('has more than 1000 patterns');
  expect(problem('a'.repeat(1_025))).toBe('has a pattern of more than 1024 characters');
  expect(problem('**/a/**/b/**')).toBeUndefined();
  expect(problem('!**/a/**/b/**/c')).toBe('has a pattern with more than 2 times **/');
  expect(problem('**/a/**/b\n'.repeat(20))).toBeUndefined();
  expect(problem('**/a/**/b\n'.repeat(21))).toBe('has more than 20 patterns with 2 times **/');
});

test('Far below the file its patterns say nothing.', () => {
  const path = 'd/'.repeat(31);
  expect(verdicts('*.o', [`${path}a.o`, `${path}d/a.o`])).toEqual(['ignored', '-']);
});

test('The costliest file that is accepted takes milliseconds for a path, not seconds.', () => {
  const lines = Array.from({ length: 980 }, (_, index) => '*a'.repeat(24) + `b${index}`);
  for (let index = 0; index < 20; index++) lines.push(`**/*a/**/*a*a/b${index}`);
  const text = lines.join('\n').slice(0, 64 * 1_024);
  const deep = Array.from(
    { length: 40 },
    (_, index) => `${`${'a'.repeat(120)}/`.repeat(31)}a${index}`,
  );
  const before = performance.now();
  verdicts(text, deep);
  // About 10 ms each where this was written; the bound is for noise.
  expect((performance.now() - before) / deep.length).toBeLessThan(500);
});
