import type { PathValue } from './path-value.ts';

/** Version byte of an entry's encoding. A changed encoding gets a new number, old entries keep theirs. */
export const CANONICAL_VERSION = 1;

const NULL_LENGTH = 0xffff_ffff;
const TWO_32 = 0x1_0000_0000;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const MAX_UTF8_PER_UNIT = 3;
const SHORT_UNITS = 48;

/** A growing buffer that entries are appended to; reused from block to block. */
export class CanonicalBuffer {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.#view = viewOf(this.#bytes);
  }

  get length(): number {
    return this.#length;
  }

  /** What was appended, without copying: valid until the next append or clear. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the content, and a much too large buffer with it. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length <= 4 * 1024 * 1024) return;
    this.#bytes = Buffer.allocUnsafeSlow(64 * 1024);
    this.#view = viewOf(this.#bytes);
  }

  head(stream: number, version = CANONICAL_VERSION): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = stream;
    this.#bytes[this.#length++] = version;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  i64(value: number | bigint): void {
    this.#reserve(8);
    if (typeof value === 'bigint') {
      this.#view.setBigInt64(this.#length, value, true);
      this.#length += 8;
      return;
    }
    // Exact for every safe integer, and without a BigInt for each field of each entry.
    const high = Math.floor(value / TWO_32);
    this.#bytes.writeUInt32LE(value - high * TWO_32, this.#length);
    this.#length = this.#bytes.writeInt32LE(high, this.#length + 4);
  }

  optionalI64(value: number | bigint | null): void {
    this.u8(value === null ? 0 : 1);
    if (value !== null) this.i64(value);
  }

  text(value: string | null): void {
    if (value === null) {
      this.u32(NULL_LENGTH);
      return;
    }
    this.#reserve(4 + value.length * MAX_UTF8_PER_UNIT);
    if (value.length <= SHORT_UNITS && this.#shortAscii(value)) return;
    const written = this.#bytes.write(value, this.#length + 4, 'utf8');
    this.#bytes.writeUInt32LE(written, this.#length);
    this.#length += 4 + written;
  }

  /** Most texts but the message are short and ASCII: no call out of JavaScript for them. */
  #shortAscii(value: string): boolean {
    const bytes = this.#bytes;
    const { length } = value;
    const offset = this.#length;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[offset + 4 + index] = unit;
    }
    bytes[offset] = length;
    bytes[offset + 1] = bytes[offset + 2] = bytes[offset + 3] = 0;
    this.#length = offset + 4 + length;
    return true;
  }

  blob(value: Uint8Array | null): void {
    if (value === null) {
      this.u32(NULL_LENGTH);
      return;
    }
    this.u32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A path's bytes; TEXT and BLOB of the same bytes encode alike. */
  path(value: PathValue | null): void {
    if (typeof value === 'string') this.text(value);
    else this.blob(value);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
