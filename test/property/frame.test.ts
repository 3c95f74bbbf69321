import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameScanner } from '#codi/protocol/frame.js';

const LIMIT = 48;

interface Seen {
  frames: string[];
  error: string | undefined;
  details: unknown;
  format: string | undefined;
}

/** Cuts the stream at the given places and shows all that came out of it. */
function scan(stream: Buffer, cuts: readonly number[]): Seen {
  const scanner = new FrameScanner({ limitBytes: LIMIT });
  const frames: string[] = [];
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length];
  let start = 0;
  let error;
  for (const end of places.sort((one, other) => one - other)) {
    // A chunk of its own each time, wiped afterwards: no frame that spans chunks may depend on it.
    const chunk = Buffer.from(stream.subarray(start, end));
    const result = scanner.push(chunk);
    frames.push(...result.frames.map((frame) => frame.toString('hex')));
    error ??= result.error;
    expect(scanner.pendingBytes).toBeLessThanOrEqual(LIMIT + 4);
    chunk.fill(0xee);
    start = end;
  }
  error ??= scanner.end();
  return { frames, error: error?.code, details: error?.details, format: scanner.format };
}

const cuts = fc.array(fc.nat(4096), { maxLength: 40 });
const body = fc.uint8Array({ minLength: 1, maxLength: LIMIT });
const goodFrame = body.map((bytes) => encodeFrame(bytes));
const badFrame = fc.oneof(
  fc.constant(encodeFrame(new Uint8Array(0))),
  fc.integer({ min: LIMIT + 1, max: 0xffff_ffff }).map((length) => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(length >>> 0, 0);
    return prefix;
  }),
  goodFrame.map((frame) => frame.subarray(0, -1)),
);
const line = fc
  .string({ maxLength: LIMIT + 8 })
  .map((text) => Buffer.from(`${text.replaceAll('\n', ' ')}\n`));
const prefixedStream = fc
  .tuple(fc.array(goodFrame, { maxLength: 12 }), fc.option(badFrame), fc.array(goodFrame))
  .map(([before, bad, after]) => Buffer.concat([...before, ...(bad ? [bad] : []), ...after]));
const lineStream = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.string({ maxLength: 10 }))
  .map(([lines, rest]) => Buffer.concat([Buffer.from('{"a":1}\r\n'), ...lines, Buffer.from(rest)]));

describe('however a stream is cut into chunks', () => {
  it.each([
    ['length-prefixed frames', prefixedStream],
    ['JSON lines', lineStream],
    ['any bytes', fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))],
  ])('the same frames and the same error come out of %s', (_, streams) => {
    fc.assert(
      fc.property(streams, cuts, (stream, places) => {
        expect(scan(stream, places)).toEqual(scan(stream, []));
      }),
      { numRuns: 500 },
    );
  });

  it('every valid frame comes out once, in order, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 20 }), cuts, (bodies, places) => {
        const stream = Buffer.concat(bodies.map((bytes) => encodeFrame(bytes)));
        fc.pre(stream[0] !== 0x7b || stream[3] === 0);
        const { frames, error } = scan(stream, places);
        expect(frames).toEqual(bodies.map((bytes) => Buffer.from(bytes).toString('hex')));
        expect(error).toBeUndefined();
      }),
    );
  });
});
