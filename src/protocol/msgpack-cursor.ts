import { skipValue } from './msgpack-scan.ts';

/** The scan has bounded depth and number of what is skipped. */
const UNLIMITED = { depth: 64, nodes: Number.MAX_SAFE_INTEGER };

/**
 * Reads values out of MessagePack that `scanMessagePack` has passed: it trusts counts and lengths.
 * A `read…` that meets another type gives undefined or -1 and does not move.
 */
export class MessagePackCursor {
  readonly bytes: Buffer;
  offset: number;
  /** Where the blob that was last entered begins, and its length in bytes. */
  blobStart = 0;
  blobLength = 0;

  constructor(bytes: Buffer, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  head(): number {
    return this.bytes[this.offset] as number;
  }

  skip(): void {
    this.offset = skipValue(this.bytes, this.offset, UNLIMITED);
  }

  /** Number of values of a list, -1 when it is none. */
  enterList(): number {
    const head = this.head();
    if (head >= 0x90 && head <= 0x9f) return this.#enter(1, head & 0x0f);
    if (head === 0xdc) return this.#enter(3, this.bytes.readUInt16BE(this.offset + 1));
    if (head === 0xdd) return this.#enter(5, this.bytes.readUInt32BE(this.offset + 1));
    return -1;
  }

  /** Number of pairs of a map, -1 when it is none. */
  enterMap(): number {
    const head = this.head();
    if (head >= 0x80 && head <= 0x8f) return this.#enter(1, head & 0x0f);
    if (head === 0xde) return this.#enter(3, this.bytes.readUInt16BE(this.offset + 1));
    if (head === 0xdf) return this.#enter(5, this.bytes.readUInt32BE(this.offset + 1));
    return -1;
  }

  /** Moves behind a string and notes where its bytes are. */
  passString(): boolean {
    const head = this.head();
    if (head >= 0xa0 && head <= 0xbf) return this.#pass(1, head & 0x1f);
    if (head === 0xd9) return this.#pass(2, this.bytes[this.offset + 1] as number);
    if (head === 0xda) return this.#pass(3, this.bytes.readUInt16BE(this.offset + 1));
    if (head === 0xdb) return this.#pass(5, this.bytes.readUInt32BE(this.offset + 1));
    return false;
  }

  /** Moves behind a binary value and notes where its bytes are. */
  passBinary(): boolean {
    const head = this.head();
    if (head === 0xc4) return this.#pass(2, this.bytes[this.offset + 1] as number);
    if (head === 0xc5) return this.#pass(3, this.bytes.readUInt16BE(this.offset + 1));
    if (head === 0xc6) return this.#pass(5, this.bytes.readUInt32BE(this.offset + 1));
    return false;
  }

  /** Moves behind a nil. */
  passNil(): boolean {
    if (this.head() !== 0xc0) return false;
    this.offset++;
    return true;
  }

  readString(): string | undefined {
    return this.passString() ? this.blobText() : undefined;
  }

  /** The bytes last passed, as text; what is no UTF-8 becomes U+FFFD. */
  blobText(): string {
    return this.bytes.toString('utf8', this.blobStart, this.blobStart + this.blobLength);
  }

  /** Whether the bytes last passed are these. */
  isBlob(name: Uint8Array): boolean {
    if (this.blobLength !== name.length) return false;
    for (let index = 0; index < name.length; index++) {
      if (this.bytes[this.blobStart + index] !== name[index]) return false;
    }
    return true;
  }

  /** Any integer or float; integers beyond 2^53 as bigint. */
  readNumber(): number | bigint | undefined {
    const { bytes, offset } = this;
    const head = this.head();
    if (head <= 0x7f) return this.#move(1, head);
    if (head >= 0xe0) return this.#move(1, head - 256);
    switch (head) {
      case 0xcc:
        return this.#move(2, bytes[offset + 1] as number);
      case 0xcd:
        return this.#move(3, bytes.readUInt16BE(offset + 1));
      case 0xce:
        return this.#move(5, bytes.readUInt32BE(offset + 1));
      case 0xcf:
        return this.#move(9, narrow(bytes.readBigUInt64BE(offset + 1)));
      case 0xd0:
        return this.#move(2, bytes.readInt8(offset + 1));
      case 0xd1:
        return this.#move(3, bytes.readInt16BE(offset + 1));
      case 0xd2:
        return this.#move(5, bytes.readInt32BE(offset + 1));
      case 0xd3:
        return this.#move(9, narrow(bytes.readBigInt64BE(offset + 1)));
      case 0xca:
        return this.#move(5, bytes.readFloatBE(offset + 1));
      case 0xcb:
        return this.#move(9, bytes.readDoubleBE(offset + 1));
      default:
        return undefined;
    }
  }

  #enter(headBytes: number, count: number): number {
    this.offset += headBytes;
    return count;
  }

  #pass(headBytes: number, length: number): true {
    this.blobStart = this.offset + headBytes;
    this.blobLength = length;
    this.offset = this.blobStart + length;
    return true;
  }

  #move<Value>(valueBytes: number, value: Value): Value {
    this.offset += valueBytes;
    return value;
  }
}

function narrow(value: bigint): number | bigint {
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : value;
}
