/**
 * What stands between a part of a segment and its bytes in the file: nothing, or ChaCha20-Poly1305 (RFC 8439) with a
 * key of the segment's own. The nonce is the place in the file, so a part that was moved opens nowhere else.
 * docs/ledger-format.md is the definition.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { StoreKey } from '../cipher/store-key.ts';
import { DamagedSegment } from './segment-format.ts';

const MAGIC = Buffer.from('codiseg1');
const SALT_BYTES = 32;
/** What the file begins with when it is encrypted: magic and salt. */
export const HEAD_BYTES = MAGIC.length + SALT_BYTES;
const ALGORITHM = 'chacha20-poly1305';
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

export interface SegmentCipher {
  /** The bytes before the first part. */
  readonly head: Buffer;
  /** The bytes in the file of a part that begins at `offset`. */
  seal(part: Buffer, offset: number): Buffer;
  /** The part again. Throws DamagedSegment. */
  open(sealed: Buffer, offset: number): Buffer;
}

const PLAIN: SegmentCipher = {
  head: Buffer.alloc(0),
  seal: (part) => part,
  open: (sealed) => sealed,
};

/** For a new segment. */
export function newSegmentCipher(key: StoreKey | null | undefined): SegmentCipher {
  return key ? sealed(key, Buffer.concat([MAGIC, randomBytes(SALT_BYTES)])) : PLAIN;
}

/** For a segment that begins with these bytes, of which there are HEAD_BYTES if so many. Throws DamagedSegment. */
export function segmentCipherOf(first: Buffer, key: StoreKey | null | undefined): SegmentCipher {
  if (!first.subarray(0, MAGIC.length).equals(MAGIC)) return PLAIN;
  if (!key) throw new DamagedSegment('it is encrypted, and no key is set');
  if (first.length < HEAD_BYTES) throw new DamagedSegment('it is too short');
  return sealed(key, Buffer.from(first.subarray(0, HEAD_BYTES)));
}

function sealed(storeKey: StoreKey, head: Buffer): SegmentCipher {
  const key = storeKey.forSegment(head.subarray(MAGIC.length));
  const options = { authTagLength: TAG_BYTES };
  return {
    head,
    seal: (part, offset) => {
      const cipher = createCipheriv(ALGORITHM, key, nonceOf(offset), options);
      return Buffer.concat([cipher.update(part), cipher.final(), cipher.getAuthTag()]);
    },
    open: (bytes, offset) => {
      if (bytes.length < TAG_BYTES) throw new DamagedSegment('a part of it is cut off');
      const decipher = createDecipheriv(ALGORITHM, key, nonceOf(offset), options);
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const part = decipher.update(bytes.subarray(0, -TAG_BYTES));
      try {
        return Buffer.concat([part, decipher.final()]);
      } catch {
        throw new DamagedSegment('a part of it was changed, or belongs to another key');
      }
    },
  };
}

function nonceOf(offset: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64LE(BigInt(offset));
  return nonce;
}
