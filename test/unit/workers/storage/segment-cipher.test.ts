import { expect, it } from 'vitest';
import { StoreKey } from '#codi/workers/storage/cipher/store-key.js';
import {
  HEAD_BYTES,
  newSegmentCipher,
  segmentCipherOf,
} from '#codi/workers/storage/archive/segment-cipher.js';

const key = new StoreKey(Buffer.from('k'.repeat(32)));
const part = Buffer.from('a part of a segment');

it('opens what it sealed, at its place alone', () => {
  const cipher = newSegmentCipher(key);
  expect(cipher.head).toHaveLength(HEAD_BYTES);
  const sealed = cipher.seal(part, 40);
  expect(sealed.includes(part)).toBe(false);
  const again = segmentCipherOf(Buffer.concat([cipher.head, sealed]), key);
  expect(again.open(sealed, 40)).toEqual(part);
  expect(() => again.open(sealed, 41)).toThrow('was changed, or belongs to another key');
});

it('notices every flipped bit of a part, and of the salt', () => {
  const cipher = newSegmentCipher(key);
  const sealed = cipher.seal(part, 40);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => cipher.open(flipped, 40)).toThrow('was changed');
  }
  const head = Buffer.from(cipher.head);
  head[HEAD_BYTES - 1]! ^= 1;
  expect(() => segmentCipherOf(head, key).open(sealed, 40)).toThrow('was changed');
  expect(() => cipher.open(sealed.subarray(0, 15), 40)).toThrow('cut off');
});

it('gives no two segments the same bytes, and says when there is no key, or another one', () => {
  const [one, other] = [newSegmentCipher(key), newSegmentCipher(key)];
  expect(one.seal(part, 40).equals(other.seal(part, 40))).toBe(false);
  expect(() => segmentCipherOf(one.head, undefined)).toThrow('it is encrypted, and no key is set');
  const wrong = segmentCipherOf(one.head, new StoreKey(Buffer.from('w'.repeat(32))));
  expect(() => wrong.open(one.seal(part, 40), 40)).toThrow('belongs to another key');
  expect(() => segmentCipherOf(one.head.subarray(0, 20), key)).toThrow('too short');
});

it('leaves a plain segment as it is, with a key and without', () => {
  for (const plain of [
    newSegmentCipher(undefined),
    segmentCipherOf(Buffer.from([0x1f, 0x8b]), key),
  ]) {
    expect(plain.head).toHaveLength(0);
    expect(plain.open(plain.seal(part, 0), 0)).toEqual(part);
  }
});

it('keys for different purposes have nothing in common, and show themselves nowhere', () => {
  const derived = [
    key.forDatabase('ledger'),
    key.forDatabase('state'),
    key.forSegment(Buffer.alloc(32)),
  ];
  expect(new Set(derived.map((bytes) => bytes.toString('hex'))).size).toBe(3);
  expect(key.id).toMatch(/^[0-9a-f]{16}$/);
  expect(JSON.stringify({ key })).toBe('{"key":{}}');
});
