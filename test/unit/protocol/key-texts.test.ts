import { describe, expect, it, vi } from 'vitest';
import { KeyTexts } from '#codi/protocol/key-texts.js';
import { MessagePackCursor } from '#codi/protocol/msgpack-cursor.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';

const writer = new MessagePackWriter();

function read(keys: KeyTexts, text: string): string {
  writer.clear();
  writer.string(text);
  const cursor = new MessagePackCursor(writer.take());
  cursor.passString();
  return keys.read(cursor);
}

describe('texts of keys', () => {
  it('are those that were written, however many there are and however often they come', () => {
    const keys = new KeyTexts();
    const texts = Array.from({ length: 5_000 }, (_, number) => `key ${number * 7_919}`);
    for (let round = 0; round < 3; round++)
      for (const text of texts) expect(read(keys, text)).toBe(text);
  });

  it('do not mix up those that meet in one place', () => {
    const keys = new KeyTexts();
    const texts = ['', 'a', 'A', 'aa', '__proto__', 'constructor', 'ä', '密', 'x'.repeat(200)];
    for (let round = 0; round < 3; round++)
      for (const text of texts) expect(read(keys, text)).toBe(text);
  });

  it('are made once for any two, also where both want the same place or one beside the other', () => {
    const made = vi.spyOn(MessagePackCursor.prototype, 'blobText');
    const texts = Array.from({ length: 100 }, (_, number) => `${number}_${number * number}`);
    const badPairs: string[] = [];
    for (const [index, one] of texts.entries()) {
      for (const two of texts.slice(index + 1)) {
        const keys = new KeyTexts();
        made.mockClear();
        for (const text of [one, two, one, two]) read(keys, text);
        if (made.mock.calls.length !== 2) badPairs.push(`${one} and ${two}`);
      }
    }
    made.mockRestore();
    expect(badPairs).toEqual([]);
  });

  it('keep bytes that are no UTF-8 apart, although they look alike', () => {
    const keys = new KeyTexts();
    const readBytes = (...bytes: number[]) => {
      const cursor = new MessagePackCursor(Buffer.from([0xa0 + bytes.length, ...bytes]));
      cursor.passString();
      return keys.read(cursor);
    };
    for (let round = 0; round < 2; round++) {
      expect(readBytes(0xff)).toBe('\uFFFD');
      expect(readBytes(0xfe)).toBe('\uFFFD');
      expect(readBytes(0xef, 0xbf, 0xbd)).toBe('\uFFFD');
    }
  });

  it('do not follow the bytes they were read from', () => {
    const keys = new KeyTexts();
    const bytes = Buffer.from([0xa1, 0x61]);
    const cursor = new MessagePackCursor(bytes);
    cursor.passString();
    expect(keys.read(cursor)).toBe('a');
    bytes[1] = 0x62;
    expect(read(keys, 'a')).toBe('a');
    expect(read(keys, 'b')).toBe('b');
  });
});
