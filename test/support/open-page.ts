import { createCipheriv } from 'node:crypto';

/** At the end of each page: nonce and tag. */
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
/** Of the first page: a salt in place of SQLite's magic, then what a reader must know before it can decrypt. */
const PLAIN_BYTES = 24;

/**
 * A page of an encrypted database or of a frame of its log, without the library that wrote it: docs/encryption.md.
 * Undefined when its tag does not hold. The last 32 bytes stay as they are.
 */
export function openPage(key: Uint8Array, page: number, sealed: Buffer): Buffer | undefined {
  const end = sealed.length - NONCE_BYTES - TAG_BYTES;
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

/** RFC 8439, section 2.5. */
function poly1305(key: Buffer, message: Buffer): Buffer {
  const prime = (1n << 130n) - 5n;
  const factor = littleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * factor) % prime;
  }
  const tag = (sum + littleEndian(key.subarray(16))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
