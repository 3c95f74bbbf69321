import { describe, expect, it } from 'vitest';
import { encodeFrame, FRAME_LIMIT_BYTES, FrameScanner } from '#codi/protocol/frame.js';

const LIMIT = 64;

function scanner(limitBytes = LIMIT): FrameScanner {
  return new FrameScanner({ limitBytes });
}

describe('the format of a stream', () => {
  it('is not known before four bytes have come', () => {
    const frames = scanner();
    expect(frames.push(Buffer.from('{"a')).frames).toEqual([]);
    expect(frames.format).toBeUndefined();
    expect(frames.pendingBytes).toBe(3);
    expect(frames.push(Buffer.from('":1}\n')).frames.map(String)).toEqual(['{"a":1}']);
    expect(frames.format).toBe('json');
  });

  it('is MessagePack when a length of 123 makes the first byte a brace', () => {
    const frames = scanner(1024);
    const body = Buffer.alloc(0x7b, 1);
    expect(frames.push(encodeFrame(body)).frames).toEqual([body]);
    expect(frames.format).toBe('msgpack');
  });
});

describe('length-prefixed frames', () => {
  it('are views of the chunk when they are whole', () => {
    const chunk = Buffer.concat([encodeFrame(Buffer.from('one')), encodeFrame(Buffer.from('two'))]);
    const { frames } = scanner().push(chunk);
    expect(frames.map(String)).toEqual(['one', 'two']);
    expect(frames[0]?.buffer).toBe(chunk.buffer);
  });

  it('do not keep the chunk when they are not', () => {
    const frames = scanner();
    const chunk = encodeFrame(Buffer.from('three'));
    frames.push(chunk.subarray(0, 6));
    chunk.fill(0xff, 0, 6);
    expect(frames.push(chunk.subarray(6)).frames.map(String)).toEqual(['three']);
    expect(frames.pendingBytes).toBe(0);
  });

  it('are taken up to the limit and not beyond', () => {
    expect(scanner().push(encodeFrame(Buffer.alloc(LIMIT, 1))).error).toBeUndefined();
    const { error, frames } = scanner().push(encodeFrame(Buffer.alloc(LIMIT + 1, 1)));
    expect(error?.code).toBe('CODI_FRAME_TOO_LARGE');
    expect(error?.details).toEqual({ bytes: LIMIT + 1, limitBytes: LIMIT });
    expect(frames).toEqual([]);
  });

  it('that come before an error are given with it, and none after it', () => {
    const frames = scanner();
    const good = encodeFrame(Buffer.from('good'));
    const scan = frames.push(Buffer.concat([good, Buffer.alloc(4), good]));
    expect(scan.frames.map(String)).toEqual(['good']);
    expect(scan.error?.code).toBe('CODI_FRAME_EMPTY');
    expect(frames.push(good)).toEqual({ frames: [], error: scan.error });
    expect(frames.pendingBytes).toBe(0);
    expect(frames.end()).toBeUndefined();
  });

  it('that end in the middle are an error at the end of the stream', () => {
    const frames = scanner();
    frames.push(Buffer.from([5, 0, 0, 0, 1, 2]));
    const error = frames.end();
    expect(error?.code).toBe('CODI_FRAME_TRUNCATED');
    expect(error?.details).toEqual({ bytes: 6 });
    expect(scanner().end()).toBeUndefined();
  });

  it.each(['GET / HTTP/1.1', 'POST /x', 'HTTP/1.1 200 OK', 'OPTIONS *', 'PRI * HTTP/2.0'])(
    'are not what %j is: the answer says that this is no HTTP port',
    (text) => {
      expect(scanner(FRAME_LIMIT_BYTES).push(Buffer.from(text)).error?.code).toBe(
        'CODI_FRAME_HTTP',
      );
    },
  );

  it('are not what a TLS client says first', () => {
    const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]);
    expect(scanner(FRAME_LIMIT_BYTES).push(hello).error?.code).toBe('CODI_FRAME_TLS');
  });

  it('are not made when no peer would take them', () => {
    expect(() => encodeFrame(Buffer.alloc(FRAME_LIMIT_BYTES + 1))).toThrow(/over the limit/);
  });

  it('do not reserve memory for what was only announced', () => {
    const frames = scanner(FRAME_LIMIT_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    frames.push(Buffer.from([0, 0, 16, 0, 1]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024);
  });
});

describe('JSON lines', () => {
  it('may end in \\r\\n, and blank ones are ignored', () => {
    const { frames } = scanner().push(Buffer.from('{"a":1}\r\n\n \t\r\n{"b":2}\n'));
    expect(frames.map(String)).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('are refused as soon as they are longer than the limit', () => {
    const frames = scanner();
    expect(frames.push(Buffer.from('{"a":"')).error).toBeUndefined();
    expect(frames.push(Buffer.alloc(LIMIT, 0x78)).error?.code).toBe('CODI_FRAME_TOO_LARGE');
  });

  it('without an end are an error at the end of the stream, blanks are not', () => {
    const frames = scanner();
    frames.push(Buffer.from('{"a":1}\n  '));
    expect(frames.end()).toBeUndefined();
    const cut = scanner();
    cut.push(Buffer.from('{"a":1}\n{"b'));
    expect(cut.end()?.code).toBe('CODI_FRAME_TRUNCATED');
  });
});
