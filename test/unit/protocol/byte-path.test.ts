import { describe, expect, it } from 'vitest';
import {
  bytePathFromBuffer,
  bytePathFromUtf8,
  bytePathToBuffer,
  fsPath,
  joinBytePath,
  showBytePath,
} from '#codi/protocol/byte-path.js';

describe('byte paths', () => {
  it('look like the path itself when it is ASCII', () => {
    const path = bytePathFromUtf8('/srv/work space/a.txt');
    expect(path).toBe('/srv/work space/a.txt');
    expect(fsPath(path)).toBe('/srv/work space/a.txt');
    expect(showBytePath(path)).toEqual({ path: '/srv/work space/a.txt' });
  });

  it('keep UTF-8 names and show them as text', () => {
    const path = bytePathFromUtf8('/srv/ü/日本.txt');
    expect(bytePathToBuffer(path).toString('utf8')).toBe('/srv/ü/日本.txt');
    expect(fsPath(path)).toEqual(Buffer.from('/srv/ü/日本.txt'));
    expect(showBytePath(path)).toEqual({ path: '/srv/ü/日本.txt' });
  });

  it('keep every byte of a name that is no UTF-8 and show it in base64 beside the text', () => {
    const bytes = Buffer.from([0x2f, 0x61, 0xff, 0x00, 0xe9, 0x62]);
    const path = bytePathFromBuffer(bytes);
    expect(bytePathToBuffer(path)).toEqual(bytes);
    expect(showBytePath(path)).toEqual({
      path: '/a\ufffd\u0000\ufffdb',
      path_b64: bytes.toString('base64'),
    });
  });

  it('take any view of bytes', () => {
    const view = new Uint8Array([1, 0x61, 0x62, 2]).subarray(1, 3);
    expect(bytePathFromBuffer(view)).toBe('ab');
  });

  it('join with one slash', () => {
    const root = bytePathFromUtf8('/');
    expect(joinBytePath(bytePathFromUtf8(''), 'name')).toBe('name');
    expect(joinBytePath(bytePathFromUtf8('a/b'), 'name')).toBe('a/b/name');
    expect(joinBytePath(root, 'name')).toBe('/name');
  });
});
