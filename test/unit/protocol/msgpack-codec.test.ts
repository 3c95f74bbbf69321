import { describe, expect, it } from 'vitest';
import { decodeScanned } from '#codi/protocol/msgpack-decode.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';

function hexOf(value: PackedValue): string {
  const writer = new MessagePackWriter();
  writer.value(value);
  return writer.take().toString('hex');
}

function decodeHex(hex: string): PackedValue {
  return decodeScanned(Buffer.from(hex, 'hex'));
}

describe('MessagePack as Rust writes it', () => {
  it.each<[PackedValue, string]>([
    [null, 'c0'],
    [true, 'c3'],
    [false, 'c2'],
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65_536, 'ce00010000'],
    [2 ** 32, 'cf0000000100000000'],
    [2 ** 53 - 1, 'cf001fffffffffffff'],
    [2n ** 53n, 'cf0020000000000000'],
    [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32_769, 'd2ffff7fff'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    [-(2n ** 63n), 'd38000000000000000'],
    [0.5, 'cb3fe0000000000000'],
    ['', 'a0'],
    ['ü', 'a2c3bc'],
    [[1, [2]], '92019102'],
    [{ b: 1, a: null }, '82a16201a161c0'],
  ])('writes and reads %o as %s', (value, hex) => {
    expect(hexOf(value)).toBe(hex);
    expect(decodeHex(hex)).toStrictEqual(value);
  });

  it('writes the shortest head that fits a length', () => {
    expect(hexOf('x'.repeat(31)).slice(0, 2)).toBe('bf');
    expect(hexOf('x'.repeat(32)).slice(0, 4)).toBe('d920');
    expect(hexOf('x'.repeat(256)).slice(0, 6)).toBe('da0100');
    expect(hexOf('x'.repeat(65_536)).slice(0, 10)).toBe('db00010000');
    expect(hexOf(new Uint8Array(256)).slice(0, 6)).toBe('c50100');
    expect(hexOf(new Uint8Array(65_536)).slice(0, 10)).toBe('c600010000');
    expect(hexOf(Array.from({ length: 16 }, () => 0)).slice(0, 6)).toBe('dc0010');
    expect(hexOf(Array.from({ length: 65_536 }, () => 0)).slice(0, 10)).toBe('dd00010000');
    const map = Object.fromEntries(Array.from({ length: 16 }, (_, key) => [`k${key}`, 0]));
    expect(hexOf(map).slice(0, 6)).toBe('de0010');
  });

  it('keeps -0, integers of 64 bits and what no integer can hold', () => {
    expect(decodeHex(hexOf(-0))).toBe(-0);
    expect(decodeHex(hexOf(2n ** 63n + 1n))).toBe(2n ** 63n + 1n);
    expect(decodeHex(hexOf(2n ** 70n))).toBe(2 ** 70);
    expect(decodeHex(hexOf(5n))).toBe(5);
    expect(decodeHex('ca3f000000')).toBe(0.5);
  });

  it('leaves out entries that are undefined', () => {
    expect(hexOf({ a: 1, b: undefined } as never)).toBe('81a16101');
  });

  it('treats __proto__ as a key like any other', () => {
    const value = decodeHex('81a95f5f70726f746f5f5f81a8706f6c6c75746564c3') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(hexOf(value as PackedValue)).toBe('81a95f5f70726f746f5f5f81a8706f6c6c75746564c3');
  });

  it('replaces what is no UTF-8 and reads binary as a view', () => {
    expect(decodeHex('a2c328')).toBe('\ufffd(');
    const body = Buffer.from('c40301ff02', 'hex');
    const bytes = decodeScanned(body) as Uint8Array;
    expect([...bytes]).toEqual([1, 255, 2]);
    expect(bytes.buffer).toBe(body.buffer);
  });

  it('goes on after a message that was larger than what it keeps', () => {
    const writer = new MessagePackWriter();
    writer.value('x'.repeat(2_000_000));
    expect(writer.take(4)).toHaveLength(4 + 5 + 2_000_000);
    writer.value(1);
    expect([...writer.take()]).toEqual([1]);
  });
});
