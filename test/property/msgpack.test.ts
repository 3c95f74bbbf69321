import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { scanMessagePack } from '#codi/protocol/msgpack-scan.js';
import { decodeScanned } from '#codi/protocol/msgpack-decode.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';
import { anyPacked } from '../support/packed-values.ts';

const peer = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

function encode(value: PackedValue): Buffer {
  const writer = new MessagePackWriter();
  writer.value(value);
  return writer.take();
}

describe('MessagePack', () => {
  it('comes back as it was written, and its scan passes', () => {
    fc.assert(
      fc.property(anyPacked, (value) => {
        const bytes = encode(value);
        expect(scanMessagePack(bytes)).toBeUndefined();
        expect(decodeScanned(bytes)).toEqual(value);
      }),
    );
  });

  it('is read by msgpackr as the same value, and the other way round', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
        fc.pre(!JSON.stringify(json).includes('__proto__'));
        // msgpackr writes -0 as the integer 0, so there must be none.
        const value = JSON.parse(JSON.stringify(json)) as PackedValue;
        expect(peer.unpack(encode(value))).toEqual(value);
        const bytes = Buffer.from(peer.pack(value));
        expect(scanMessagePack(bytes)).toBeUndefined();
        expect(decodeScanned(bytes)).toEqual(value);
      }),
    );
  });

  it('is refused or read, and never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        if (scanMessagePack(bytes) === undefined) decodeScanned(Buffer.from(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is refused when any of its bytes are missing or one is added', () => {
    fc.assert(
      fc.property(anyPacked, fc.nat(), (value, place) => {
        const bytes = encode(value);
        expect(scanMessagePack(bytes.subarray(0, place % bytes.length))).toBeDefined();
        expect(scanMessagePack(Buffer.concat([bytes, Buffer.from([0xc0])]))).toBeDefined();
      }),
    );
  });

  it('is refused when an extension type stands anywhere in it', () => {
    const extension = fc.constantFrom('c70070', 'd4720101', 'd57301', 'd6ff00000000', 'c8000078');
    fc.assert(
      fc.property(anyPacked, fc.array(anyPacked, { maxLength: 3 }), extension, (one, rest, hex) => {
        const bytes = Buffer.concat([
          Buffer.from([0x90 + rest.length + 2]),
          encode(one),
          Buffer.from(hex, 'hex'),
          ...rest.map(encode),
        ]);
        expect(scanMessagePack(bytes)?.code).toBe('CODI_FRAME_INVALID');
      }),
    );
  });
});
