import { describe, expect, it } from 'vitest';
import { LIST_SCAN_LIMITS } from '#codi/protocol/limits.js';
import { scanMessagePack } from '#codi/protocol/msgpack-scan.js';

const MIB = 1024 * 1024;

function scanHex(hex: string) {
  return scanMessagePack(Buffer.from(hex, 'hex'));
}

describe('the scan before decoding', () => {
  it.each([
    ['nil, booleans and small integers', '95c0c2c37fe0'],
    [
      'integers of every width',
      '98cc00cd0000ce00000000cf0000000000000000d000d10000d200000000d30000000000000000',
    ],
    ['floats', '92ca00000000cb0000000000000000'],
    ['strings of every width', '94a161d90161da000161db0000000161'],
    ['binary of every width', '93c40101c5000101c60000000101'],
    [
      'lists and maps of every width',
      '96 90 dc0000 dd00000000 80 de0000 df00000000'.replaceAll(' ', ''),
    ],
    ['maps with keys of every width', '83a161c0d90162c0da000163c0'],
  ])('passes %s', (_, hex) => {
    expect(scanHex(hex)).toBeUndefined();
  });

  it.each([
    ['nothing at all', ''],
    ['a list that ends early', '92c0'],
    ['a string that ends early', 'a361'],
    ['a length field that ends early', 'da00'],
    ['an integer that ends early', 'cd00'],
    ['a binary that ends early', 'c40201'],
    ['a reserved byte', '91c1'],
    ['something behind the value', 'c0c0'],
    ['an integer as a map key', '8101c0'],
    ['a nil as a map key', '81c0c0'],
    ['a list as a map key', '8190c0'],
    ['a binary as a map key', '81c40161c0'],
    ['an integer as the second key', '82a161c001c0'],
    ['a list that announces more than there is', 'ddffffffffc0'],
    ['a map that announces more than there is', 'dfffffffffa161c0'],
  ])('refuses %s', (_, hex) => {
    expect(scanHex(hex)?.code).toBe('CODI_FRAME_INVALID');
  });

  it.each(['c70000', 'c8000000', 'c90000000000', 'd40000', 'd5000000', 'd600000000', 'd7', 'd8'])(
    'refuses the extension type that %s begins',
    (hex) => {
      const error = scanHex(`91${hex}${'00'.repeat(20)}`);
      expect(error?.code).toBe('CODI_FRAME_INVALID');
      expect(error?.details['reason']).toBe('extension types are not taken');
    },
  );

  it('takes 32 levels and not one more, whatever the depth of an attack', () => {
    const nested = (levels: number) =>
      Buffer.concat([Buffer.alloc(levels, 0x91), Buffer.from([1])]);
    expect(scanMessagePack(nested(32))).toBeUndefined();
    expect(scanMessagePack(nested(33))?.code).toBe('CODI_TOO_DEEP');
    expect(scanMessagePack(nested(MIB - 1))?.code).toBe('CODI_TOO_DEEP');
  });

  it('counts values, keys among them', () => {
    const list = (count: number) =>
      Buffer.concat([Buffer.from([0xdd, 0, 0, count >> 8, count & 0xff]), Buffer.alloc(count)]);
    expect(scanMessagePack(list(9_999))).toBeUndefined();
    expect(scanMessagePack(list(10_000))?.code).toBe('CODI_TOO_MANY_VALUES');
    expect(scanMessagePack(list(10_000), LIST_SCAN_LIMITS)).toBeUndefined();
  });
});
