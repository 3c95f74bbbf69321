import { createCipheriv } from 'node:crypto';

/** At the end of each page: nonce and tag. */
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
/** What SQLite leaves of each page to the cipher. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;
/** Of the first page: a salt in place of SQLite's magic, then what a reader must know before it can decrypt. */
const PLAIN_BYTES = 24;

/**
 * A page of an encrypted database or of a frame of its log, without the library that wrote it: docs/encryption.md.
 * Undefined when its tag does not hold. The last 32 bytes stay as they are.
 */
export function openPage(key: Uint8Array, page: number, sealed: Buffer): Buffer | undefined {
  const end = sealed.length - SEAL_BYTES;
  const nonce = sealed.subarray(end, end + 12);
  const counter = (sealed.readUInt32LE(end + 12) ^ page) >>> 0;
  const once = chacha20(key, nonce, counter, Buffer.alloc(64));
  const tag = poly1305(once.subarray(0, 32), sealed.subarray(0, end + NONCE_BYTES));
  if (!tag.equals(sealed.subarray(-TAG_BYTES))) return undefined;
  const from = page === 1 ? PLAIN_BYTES : 0;
  const text = chacha20(once.subarray(32), nonce, (counter + 1) >>> 0, sealed.subarray(from, end));
  const opened = Buffer.from(sealed);
  text.copy(opened, from);
  if (page === 1) opened.write('SQLite format 3\0', 'latin1');
  return opened;
}

function chacha20(key: Uint8Array, nonce: Buffer, counter: number, data: Buffer): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32LE(counter);
  nonce.copy(iv, 4);
  return createCipheriv('chacha20', key, iv).update(data);
}

const PRIME = (1n << 130n) - 5n;
const LOW_130_BITS = (1n << 130n) - 1n;
const LOW_128_BITS = (1n << 128n) - 1n;
/** What follows the last of 16 bytes. */
const END = 1n << 128n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** RFC 8439, section 2.5, of whole blocks of 16 bytes: that is what a page has. OpenSSL has it, and Node no name for it. */
function poly1305(key: Buffer, message: Buffer): Buffer {
  const factor = littleEndian(key, 0) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const product = (sum + littleEndian(message, at) + END) * factor;
    // 2^130 is 5 more than the prime.
    sum = (product & LOW_130_BITS) + (product >> 130n) * 5n;
  }
  const tag = ((sum % PRIME) + littleEndian(key, 16)) & LOW_128_BITS;
  const bytes = Buffer.alloc(TAG_BYTES);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, tag), 0);
  bytes.writeBigUInt64LE(tag >> 64n, 8);
  return bytes;
}

function littleEndian(bytes: Buffer, at: number): bigint {
  return bytes.readBigUInt64LE(at) | (bytes.readBigUInt64LE(at + 8) << 64n);
}
