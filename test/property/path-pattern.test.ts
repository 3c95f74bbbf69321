// The matcher of paths agrees with a regular expression of the same meaning, and never takes long.
import { pathPattern } from '#codi/supervisor/index.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const piece = fc.constantFrom('a', 'b', '/', '*', '**', '.', '+', '(', '\\', '\u{1f600}');
const glob = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const text = fc
  .array(fc.constantFrom('a', 'b', '/', '.', '+', '(', '\\', '\u{1f600}', '\n'), { maxLength: 10 })
  .map((pieces) => pieces.join(''));

function expression(pattern: string): RegExp {
  const source = pattern
    .split(/(\*+)/)
    .map((part) => {
      if (part === '*') return '[^/]*';
      return part.startsWith('*') ? '.*' : part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
    })
    .join('');
  return new RegExp(`^${source}$`, 'su');
}

test('A pattern matches what a regular expression of the same meaning matches.', () => {
  fc.assert(
    fc.property(glob, text, (pattern, candidate) => {
      expect(pathPattern(pattern).test(candidate)).toBe(expression(pattern).test(candidate));
    }),
    { numRuns: 20_000 },
  );
});

test('A pattern that sends a regular expression round for ever is answered.', () => {
  const pattern = pathPattern(`${'**a'.repeat(100)}**c`);
  expect(pattern.test(`${'a'.repeat(2_000)}b`)).toBe(false);
  expect(pattern.test(`${'a'.repeat(2_000)}c`)).toBe(true);
});
