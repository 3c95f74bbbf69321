import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EMPTY_ROOT } from '#codi/protocol/audit/merkle-tree.js';
import {
  decodeVerifierKey,
  encodeVerifierKey,
  isKeyName,
  openCheckpoint,
  publicBytes,
  signCheckpoint,
} from '#codi/protocol/audit/signed-note.js';

const { privateKey } = generateKeyPairSync('ed25519');
const origin = 'example.org/node/ledger';
const checkpoint = { origin, size: 7, root: EMPTY_ROOT };
const verifier = (key: KeyObject, name = origin) => ({ name, bytes: publicBytes(key) });

/** RFC 8410: the DER of an Ed25519 private key is this and the 32 bytes of the seed. */
function keyFromSeed(hex: string): KeyObject {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(hex, 'hex'),
  ]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

describe('a signed checkpoint', () => {
  test('stands as C2SP says: origin, size, root, an empty line, the signature', () => {
    const note = signCheckpoint(checkpoint, privateKey);
    const lines = note.split('\n');
    expect(lines.slice(0, 4)).toEqual([origin, '7', EMPTY_ROOT.toString('base64'), '']);
    expect(lines[4]).toMatch(/^— example\.org\/node\/ledger [A-Za-z0-9+/]{90,}={0,2}$/);
    expect(lines[5]).toBe('');
    expect(Buffer.from(lines[4]!.split(' ')[2]!, 'base64')).toHaveLength(4 + 64);
  });

  test('is opened with the key that signed it, and gives back what it says', () => {
    const opened = openCheckpoint(signCheckpoint(checkpoint, privateKey), [verifier(privateKey)]);
    expect(opened).toEqual({ ok: true, checkpoint });
  });

  test('is refused with another key, under another name, and without keys', () => {
    const note = signCheckpoint(checkpoint, privateKey);
    const other = generateKeyPairSync('ed25519').privateKey;
    for (const keys of [[verifier(other)], [verifier(privateKey, 'example.org/other')], []])
      expect(openCheckpoint(note, keys)).toMatchObject({ ok: false });
  });

  test('is refused when any single bit of it is flipped', () => {
    const note = Buffer.from(signCheckpoint(checkpoint, privateKey));
    const keys = [verifier(privateKey)];
    for (let bit = 0; bit < note.length * 8; bit++) {
      const copy = Buffer.from(note);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(openCheckpoint(copy.toString('utf8'), keys).ok, `bit ${bit}`).toBe(false);
    }
  });

  test('keeps its force when a witness has signed it, too', () => {
    const note = `${signCheckpoint(checkpoint, privateKey)}— witness.example ${Buffer.alloc(76).toString('base64')}\n`;
    expect(openCheckpoint(note, [verifier(privateKey)])).toEqual({ ok: true, checkpoint });
  });
});

describe('a verifier key', () => {
  test('is written as the signed-note specification does: name, id and key', () => {
    // The seed of RFC 8032 section 7.1, TEST 1.
    const key = keyFromSeed('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
    expect(publicBytes(key).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    const line = encodeVerifierKey(verifier(key));
    expect(line).toMatch(/^example\.org\/node\/ledger\+[0-9a-f]{8}\+AddamAGCsQq31Uv/);
    expect(decodeVerifierKey(line)).toEqual(verifier(key));
  });

  test('is refused when any single bit of it is flipped', () => {
    const line = Buffer.from(encodeVerifierKey(verifier(privateKey)));
    for (let bit = 0; bit < line.length * 8; bit++) {
      const copy = Buffer.from(line);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeVerifierKey(copy.toString('utf8')), `bit ${bit}`).toBeUndefined();
    }
  });

  test('has a name without spaces and plus signs', () => {
    expect(['a', 'example.org/ä'].map(isKeyName)).toEqual([true, true]);
    expect(['', 'a b', 'a+b', 'a\n'].map(isKeyName)).toEqual([false, false, false, false]);
  });
});
