// Frames that are right, and frames that were right before something happened to them.
import { readFileSync } from 'node:fs';
import { encodeFrame } from '#codi/protocol/frame.js';
import type { WireFormat } from '#codi/protocol/frame.js';

interface Vector {
  compact: string;
  named: string;
  json: { id: string; payload: Record<string, unknown> };
}

/** The body of a frame, and whether it is as a client would send it. */
export interface FuzzFrame {
  body: Buffer;
  isIntact: boolean;
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../fixtures/wire/rust-vectors.json', import.meta.url), 'utf8'),
) as Vector[];
const ID = Buffer.from('018f4c1e7b2a7c3d9e4f0123456789ab', 'hex');

/** Makes frames from random numbers. Kinds that would watch a folder of this machine are left out. */
export class HostileFrames {
  readonly #random: () => number;
  readonly #vectors: readonly Vector[];
  #count = 0;

  constructor(random: () => number, kinds?: readonly string[]) {
    this.#random = random;
    this.#vectors = VECTORS.filter((vector) => kinds?.includes(kindOf(vector)) ?? true);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  next(format: WireFormat): FuzzFrame {
    const roll = this.below(10);
    if (roll === 0) return { body: this.#noise(1 + this.below(300), format), isIntact: false };
    const intact = this.intact(format);
    return roll < 4 ? { body: intact, isIntact: true } : this.#mutated(intact, format);
  }

  /** A frame with an id of its own. */
  intact(format: WireFormat): Buffer {
    const vector = this.#vectors[this.below(this.#vectors.length)]!;
    const id = this.newId();
    if (format === 'json') {
      const uuid = id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      return Buffer.from(JSON.stringify({ ...vector.json, id: uuid }));
    }
    const body = Buffer.from(this.below(2) === 0 ? vector.compact : vector.named, 'hex');
    id.copy(body, body.indexOf(ID));
    return body;
  }

  newId(): Buffer {
    const id = Buffer.from(ID);
    id.writeUInt32BE(++this.#count, 12);
    return id;
  }

  /** The bytes of a stream of frames. */
  stream(frames: readonly FuzzFrame[], format: WireFormat): Buffer {
    if (format === 'msgpack') return Buffer.concat(frames.map(({ body }) => encodeFrame(body)));
    return Buffer.concat(frames.flatMap(({ body }) => [body, Buffer.from('\n')]));
  }

  /** Cuts bytes at any places; each piece is a buffer of its own. */
  chunks(bytes: Buffer): Buffer[] {
    const chunks: Buffer[] = [];
    for (let start = 0; start < bytes.length;) {
      const length = 1 + this.below(this.below(4) === 0 ? 5 : 4_096);
      chunks.push(Buffer.from(bytes.subarray(start, start + length)));
      start += length;
    }
    return chunks;
  }

  #mutated(body: Buffer, format: WireFormat): FuzzFrame {
    let bytes = Buffer.from(body);
    for (let left = 1 + this.below(3); left > 0; left--) bytes = this.#mutate(bytes);
    if (format === 'json') bytes = withoutLineEnds(bytes);
    if (bytes.length === 0) bytes = Buffer.from([0xc0]);
    return { body: bytes, isIntact: bytes.equals(body) };
  }

  #mutate(bytes: Buffer): Buffer<ArrayBuffer> {
    const at = this.below(bytes.length + 1);
    const rest = bytes.subarray(at);
    switch (this.below(6)) {
      case 0: {
        const flipped = Buffer.from(bytes);
        if (at < flipped.length) flipped[at]! ^= 1 << this.below(8);
        return flipped;
      }
      case 1:
        return Buffer.from(bytes.subarray(0, at));
      case 2:
        return Buffer.concat([
          bytes.subarray(0, at),
          this.#noise(1 + this.below(8), 'msgpack'),
          rest,
        ]);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), rest.subarray(this.below(9))]);
      case 4:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(this.below(bytes.length + 1))]);
      default:
        // Lengths that promise more than there is, and deep nesting.
        return Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(
            [
              [0xdf, 0xff, 0xff, 0xff, 0xff],
              [0xdd, 0x7f, 0, 0, 1],
              Array.from({ length: 40 }, () => 0x91),
            ][this.below(3)]!,
          ),
          rest,
        ]);
    }
  }

  #noise(length: number, format: WireFormat): Buffer {
    const bytes = Buffer.from(Array.from({ length }, () => this.below(256)));
    return format === 'json' ? withoutLineEnds(bytes) : bytes;
  }
}

function kindOf(vector: Vector): string {
  return Object.keys(vector.json.payload)[0]!;
}

function withoutLineEnds(bytes: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)));
}

/** The shortest bytes that still fail, found by leaving out ever smaller pieces. */
export function shortestFailing(bytes: Buffer, fails: (bytes: Buffer) => boolean): Buffer {
  let shortest = bytes;
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < shortest.length;) {
      const shorter = Buffer.concat([shortest.subarray(0, start), shortest.subarray(start + size)]);
      if (shorter.length < shortest.length && fails(shorter)) shortest = shorter;
      else start += size;
    }
  }
  return shortest;
}
