import { describe, expect, it } from 'vitest';
import { bytePathFromBuffer, bytePathFromUtf8, type BytePath } from '#codi/protocol/byte-path.js';
import {
  isBelow,
  pathFromValue,
  pathToValue,
  subtreeBounds,
} from '#codi/workers/storage/path-value.js';

const LATIN = bytePathFromBuffer(Buffer.from([0x61, 0xff, 0x62]));

describe('a path in a column', () => {
  it('is TEXT when its bytes are valid UTF-8 and BLOB when they are not', () => {
    expect(pathToValue(bytePathFromUtf8('src/naïve ✓.ts'))).toBe('src/naïve ✓.ts');
    expect(pathToValue(LATIN)).toEqual(Buffer.from([0x61, 0xff, 0x62]));
  });

  it('comes back as the same bytes', () => {
    for (const path of [bytePathFromUtf8('a/ü/日本'), LATIN, bytePathFromUtf8('\ufeffbom')])
      expect(pathFromValue(pathToValue(path))).toBe(path);
  });

  it('has subtree bounds that take in every child and no sibling', () => {
    const { text } = subtreeBounds('50%_off' as BytePath);
    expect(text).toEqual({ from: '50%_off/', below: '50%_off0' });
    expect(subtreeBounds(LATIN).text).toBeUndefined();
  });

  it('lies below a directory only when a slash separates them', () => {
    expect(isBelow('a/b' as BytePath, 'a' as BytePath)).toBe(true);
    expect(isBelow('ab' as BytePath, 'a' as BytePath)).toBe(false);
    expect(isBelow('a' as BytePath, '' as BytePath)).toBe(true);
    expect(isBelow('' as BytePath, '' as BytePath)).toBe(false);
  });
});
