import type { PackedValue } from './msgpack-decode.ts';
import { writeUuid } from './uuid.ts';

const FIRST_SIZE_BYTES = 16 * 1024;
/** A scratch buffer that one large message made is given back after it. */
const KEPT_SIZE_BYTES = 1024 * 1024;
const FIRST_I64 = -(2n ** 63n);
const LAST_U64 = 2n ** 64n - 1n;
const UUID_BYTES = 16;

/**
 * Writes MessagePack byte for byte as Rust's rmp-serde does: the shortest form of every integer and
 * length, floats as 64 bits, map keys in the order given. Reused; `take` gives what was written.
 */
export class MessagePackWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);
  #offset = 0;

  /** A copy of what was written, with so many bytes left free before it. The writer is empty then. */
  take(spaceBefore = 0): Buffer {
    const result = Buffer.allocUnsafe(spaceBefore + this.#offset);
    this.#bytes.copy(result, spaceBefore, 0, this.#offset);
    this.clear();
    return result;
  }

  clear(): void {
    this.#offset = 0;
    if (this.#bytes.length > KEPT_SIZE_BYTES)
      this.#bytes = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);
  }

  /** Bytes written since the last `clear` or `take`. */
  get length(): number {
    return this.#offset;
  }

  /** Forgets what was written behind this length. */
  truncate(length: number): void {
    this.#offset = Math.min(this.#offset, length);
  }

  /** Copies the bytes from `start` to `end` into the target; they stay. */
  copyTo(target: Buffer, targetStart: number, start: number, end: number): void {
    this.#bytes.copy(target, targetStart, start, end);
  }

  nil(): void {
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** Begins a map of at most so many pairs; `closeMap` is told how many it became. */
  openMap(pairsMax: number): number {
    const start = this.#offset;
    this.mapHead(pairsMax);
    return start;
  }

  closeMap(start: number, pairs: number): void {
    const head = this.#bytes[start] as number;
    if (head === 0xdf) this.#bytes.writeUInt32BE(pairs, start + 1);
    else if (head === 0xde) this.#bytes.writeUInt16BE(pairs, start + 1);
    else this.#bytes[start] = 0x80 | pairs;
  }

  mapHead(pairs: number): void {
    if (pairs <= 0x0f) this.#byte(0x80 | pairs);
    else if (pairs <= 0xffff) this.#uint(0xde, pairs, 2);
    else this.#uint(0xdf, pairs, 4);
  }

  listHead(count: number): void {
    if (count <= 0x0f) this.#byte(0x90 | count);
    else if (count <= 0xffff) this.#uint(0xdc, count, 2);
    else this.#uint(0xdd, count, 4);
  }

  string(text: string): void {
    if (text.length <= 0x1f && this.#shortAscii(text)) return;
    if (text.length > 0x1f && text.length <= 0xff) return this.#mediumString(text);
    const length = Buffer.byteLength(text);
    if (length <= 0x1f) this.#byte(0xa0 | length);
    else if (length <= 0xff) this.#uint(0xd9, length, 1);
    else if (length <= 0xffff) this.#uint(0xda, length, 2);
    else this.#uint(0xdb, length, 4);
    this.#reserve(length);
    this.#offset += this.#bytes.write(text, this.#offset, 'utf8');
  }

  /** What was encoded before, as it is. */
  encoded(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  binary(data: Uint8Array): void {
    if (data.length <= 0xff) this.#uint(0xc4, data.length, 1);
    else if (data.length <= 0xffff) this.#uint(0xc5, data.length, 2);
    else this.#uint(0xc6, data.length, 4);
    this.#reserve(data.length);
    this.#bytes.set(data, this.#offset);
    this.#offset += data.length;
  }

  /** Its 16 bytes. */
  uuid(text: string): void {
    this.#uint(0xc4, UUID_BYTES, 1);
    this.#reserve(UUID_BYTES);
    writeUuid(text, this.#bytes, this.#offset);
    this.#offset += UUID_BYTES;
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#head(0xcb, 8);
      this.#offset = this.#bytes.writeDoubleBE(value, this.#offset);
    } else if (value >= 0) this.#unsigned(value);
    else this.#negative(value);
  }

  /** Integers that fit neither i64 nor u64 are written as float. */
  bigint(value: bigint): void {
    if (value < FIRST_I64 || value > LAST_U64) return this.number(Number(value));
    if (Number.isSafeInteger(Number(value))) return this.number(Number(value));
    this.#head(value < 0n ? 0xd3 : 0xcf, 8);
    this.#offset =
      value < 0n
        ? this.#bytes.writeBigInt64BE(value, this.#offset)
        : this.#bytes.writeBigUInt64BE(value, this.#offset);
  }

  /** Any value; entries of a map that are undefined are left out. */
  value(value: PackedValue | undefined): void {
    if (value === null || value === undefined) this.nil();
    else if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'boolean') this.boolean(value);
    else if (typeof value === 'bigint') this.bigint(value);
    else if (value instanceof Uint8Array) this.binary(value);
    else if (Array.isArray(value)) {
      this.listHead(value.length);
      for (const item of value) this.value(item);
    } else this.#map(value);
  }

  #map(map: { [key: string]: PackedValue | undefined }): void {
    const keys = Object.keys(map);
    let present = 0;
    for (const key of keys) if (map[key] !== undefined) present++;
    this.mapHead(present);
    for (const key of keys) {
      const item = map[key];
      if (item === undefined) continue;
      this.string(key);
      this.value(item);
    }
  }

  /** Most strings are short and ASCII: no call out of JavaScript for them. */
  #shortAscii(text: string): boolean {
    this.#reserve(text.length + 1);
    const bytes = this.#bytes;
    let offset = this.#offset;
    bytes[offset++] = 0xa0 | text.length;
    for (let index = 0; index < text.length; index++) {
      const char = text.charCodeAt(index);
      if (char > 0x7f) return false;
      bytes[offset++] = char;
    }
    this.#offset = offset;
    return true;
  }

  /** 32 to 255 UTF-16 units: written first and measured by it, since one length byte nearly always does. */
  #mediumString(text: string): void {
    this.#reserve(3 + text.length * 3);
    const bytes = this.#bytes;
    const start = this.#offset;
    const length = bytes.write(text, start + 2, 'utf8');
    if (length <= 0xff) {
      bytes[start] = 0xd9;
      bytes[start + 1] = length;
      this.#offset = start + 2 + length;
      return;
    }
    bytes.copyWithin(start + 3, start + 2, start + 2 + length);
    bytes[start] = 0xda;
    bytes.writeUInt16BE(length, start + 1);
    this.#offset = start + 3 + length;
  }

  #unsigned(value: number): void {
    if (value <= 0x7f) this.#byte(value);
    else if (value <= 0xff) this.#uint(0xcc, value, 1);
    else if (value <= 0xffff) this.#uint(0xcd, value, 2);
    else if (value <= 0xffff_ffff) this.#uint(0xce, value, 4);
    else {
      this.#head(0xcf, 8);
      this.#offset = this.#bytes.writeBigUInt64BE(BigInt(value), this.#offset);
    }
  }

  #negative(value: number): void {
    if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#int(0xd0, value, 1);
    else if (value >= -0x8000) this.#int(0xd1, value, 2);
    else if (value >= -0x8000_0000) this.#int(0xd2, value, 4);
    else {
      this.#head(0xd3, 8);
      this.#offset = this.#bytes.writeBigInt64BE(BigInt(value), this.#offset);
    }
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#offset++] = byte;
  }

  #head(head: number, valueBytes: number): void {
    this.#reserve(1 + valueBytes);
    this.#bytes[this.#offset++] = head;
  }

  #uint(head: number, value: number, size: number): void {
    this.#head(head, size);
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8)
      this.#bytes[this.#offset++] = value >>> shift;
  }

  #int(head: number, value: number, size: number): void {
    this.#head(head, size);
    this.#offset = this.#bytes.writeIntBE(value, this.#offset, size);
  }

  #reserve(moreBytes: number): void {
    const needed = this.#offset + moreBytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#offset);
    this.#bytes = grown;
  }
}
