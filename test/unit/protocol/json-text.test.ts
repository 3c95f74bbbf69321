import { describe, expect, it } from 'vitest';
import { scanJson } from '#codi/protocol/json-scan.js';
import { parseJsonText, stringifyJson } from '#codi/protocol/json-text.js';
import { SCAN_LIMITS } from '#codi/protocol/limits.js';

describe('exact JSON', () => {
  it.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['18446744073709551616', 2 ** 64],
    ['-9223372036854775809', -(2 ** 63)],
    ['123456789012345678901234567890', 1.2345678901234568e29],
    ['1.5e3', 1500],
    ['1e400', Number.POSITIVE_INFINITY],
  ])('reads the number %s without silent loss', (text, value) => {
    expect(parseJsonText(text)).toBe(value);
  });

  it('writes bigint as digits wherever it stands', () => {
    const text = '{"a":[18446744073709551615,{"b":9007199254740993}],"c":"x","d":null,"e":true}';
    expect(stringifyJson(parseJsonText(text))).toBe(text);
    expect(stringifyJson({ a: 1n, b: undefined } as never)).toBe('{"a":1}');
  });

  it('writes null for what is no finite number', () => {
    expect(stringifyJson([Number.NaN, Number.POSITIVE_INFINITY, 1n])).toBe('[null,null,1]');
  });

  it('replaces surrogates without a partner and keeps pairs', () => {
    expect(parseJsonText('"a\\ud800b\\udc00\\ud83d\\ude00"')).toBe('a\ufffdb\ufffd😀');
    expect(parseJsonText('{"\\ud800":1}')).toEqual({ '\ufffd': 1 });
  });

  it('treats __proto__ as a key like any other', () => {
    const value = parseJsonText('{"__proto__":{"polluted":9007199254740993}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(stringifyJson(value as never)).toBe('{"__proto__":{"polluted":9007199254740993}}');
  });

  it.each([
    '',
    '{',
    '[1,]',
    '{"a"}',
    '{"a":1,}',
    '01',
    '1.',
    '-',
    '+1',
    'nul',
    '"\n"',
    '"a',
    '1 2',
    '[1}',
    "{'a':1}",
    '\u00a01',
  ])('does not take %j', (text) => {
    expect(() => parseJsonText(text)).toThrow(SyntaxError);
  });

  it('stops at a depth that would endanger the stack', () => {
    expect(() => parseJsonText('['.repeat(100_000))).toThrow(SyntaxError);
  });
});

describe('the look over JSON before it is parsed', () => {
  const scan = (text: string) => scanJson(Buffer.from(text), SCAN_LIMITS);

  it('asks for the exact parser only where JSON.parse would change something', () => {
    expect(scan('{"a":1,"b":"1234567890123456 \\n \\u00e9"}')).toEqual({
      ok: true,
      needsExactParser: false,
    });
    expect(scan('{"a":1234567890123456}')).toEqual({ ok: true, needsExactParser: true });
    expect(scan('"\\uD800"')).toEqual({ ok: true, needsExactParser: true });
  });

  it('bounds depth, but not by brackets in strings', () => {
    expect(scan('['.repeat(33))).toMatchObject({ ok: false, error: { code: 'CODI_TOO_DEEP' } });
    expect(scan(`["${'['.repeat(100)}\\"["]`)).toMatchObject({ ok: true });
    expect(scan(`[${'[],'.repeat(100)}1]`)).toMatchObject({ ok: true });
  });

  it('bounds the number of values', () => {
    expect(scan(`[${'1,'.repeat(10_000)}1]`)).toMatchObject({
      ok: false,
      error: { code: 'CODI_TOO_MANY_VALUES' },
    });
  });
});
