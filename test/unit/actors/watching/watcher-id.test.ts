import { watcherId } from '#codi/actors/watching/watcher-id.js';
import { bytePathFromBuffer, bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { expect, test } from 'vitest';

test('Its name in the tree is the path, with its bytes when it is not text.', () => {
  expect(watcherId(bytePathFromUtf8('/wörk'))).toBe('/wörk');
  expect(watcherId(bytePathFromBuffer(Buffer.from([0x2f, 0xff])))).toBe('/\uFFFD (L/8=)');
});
