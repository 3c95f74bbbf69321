import { CodiError } from './errors.ts';

/** The largest body of a frame, and the longest JSON line, that is taken. */
export const FRAME_LIMIT_BYTES = 1024 * 1024;

/** What a connection speaks, found out from its first four bytes. */
export type WireFormat = 'msgpack' | 'json';

export interface FrameScan {
  /** Bodies without length prefix, lines without line end; views of the chunk where possible. */
  readonly frames: Buffer[];
  /** The stream cannot be read any further; frames before this point are in `frames`. */
  readonly error?: CodiError;
}

const PREFIX_BYTES = 4;
const FIRST_HOLD_BYTES = 4096;
const USUAL_HOLD_BYTES = 128 * 1024;
const NEWLINE = 0x0a;
const HTTP_STARTS = new Set(
  ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC', 'HTTP', 'PRI '].map(
    (start) => Buffer.from(start, 'latin1').readUInt32LE(0),
  ),
);

/**
 * Splits a byte stream into frames: u32 little-endian length and body, or lines of JSON. It is JSON
 * only if byte 0 is `{` and byte 3 is not 0, because a length within the limit has byte 3 = 0 while
 * its low byte may well be `{`. How the stream is cut into chunks makes no difference. Holds at most
 * one incomplete frame; after an error it takes nothing more.
 */
export class FrameScanner {
  readonly #limitBytes: number;
  #format: WireFormat | undefined;
  #held: Buffer | undefined;
  #heldBytes = 0;
  #error: CodiError | undefined;

  constructor(options: { limitBytes: number }) {
    this.#limitBytes = options.limitBytes;
  }

  /** Undefined until four bytes have come. */
  get format(): WireFormat | undefined {
    return this.#format;
  }

  /** Bytes of the incomplete frame that is held. */
  get pendingBytes(): number {
    return this.#heldBytes;
  }

  push(chunk: Buffer): FrameScan {
    const frames: Buffer[] = [];
    if (this.#error === undefined && chunk.length > 0) {
      this.#format ??= this.#detect(chunk);
      if (this.#format === 'msgpack') this.#splitPrefixed(chunk, frames);
      else if (this.#format === 'json') this.#splitLines(chunk, frames);
      else this.#hold(chunk, chunk.length);
    }
    return this.#error === undefined ? { frames } : { frames, error: this.#error };
  }

  /** To be called when the stream ended: an error if it ended inside a frame. */
  end(): CodiError | undefined {
    if (this.#error !== undefined || this.#heldBytes === 0) return undefined;
    if (this.#format === 'json' && isBlank(this.#takeHeld())) return undefined;
    const bytes = this.#heldBytes;
    this.#fail(new CodiError('CODI_FRAME_TRUNCATED', { bytes }));
    return this.#error;
  }

  #detect(chunk: Buffer): WireFormat | undefined {
    if (this.#heldBytes + chunk.length < PREFIX_BYTES) return undefined;
    return this.#byteAt(chunk, 0) === 0x7b && this.#byteAt(chunk, 3) !== 0 ? 'json' : 'msgpack';
  }

  #byteAt(chunk: Buffer, index: number): number | undefined {
    return index < this.#heldBytes ? this.#held?.[index] : chunk[index - this.#heldBytes];
  }

  #splitPrefixed(chunk: Buffer, frames: Buffer[]): void {
    let offset = this.#heldBytes === 0 ? 0 : this.#completeHeld(chunk, frames);
    while (this.#error === undefined && offset < chunk.length) {
      const rest = chunk.length - offset;
      const length = rest < PREFIX_BYTES ? 0 : chunk.readUInt32LE(offset);
      if (rest >= PREFIX_BYTES && !this.#accepts(length)) return;
      const end = offset + PREFIX_BYTES + length;
      if (rest < PREFIX_BYTES || end > chunk.length) {
        this.#hold(chunk.subarray(offset), PREFIX_BYTES + length);
        return;
      }
      frames.push(chunk.subarray(offset + PREFIX_BYTES, end));
      offset = end;
    }
  }

  /** Moves bytes to the held frame until it is whole; gives the offset behind what it took. */
  #completeHeld(chunk: Buffer, frames: Buffer[]): number {
    let offset = 0;
    if (this.#heldBytes < PREFIX_BYTES) {
      offset = Math.min(PREFIX_BYTES - this.#heldBytes, chunk.length);
      this.#hold(chunk.subarray(0, offset), PREFIX_BYTES);
      if (this.#heldBytes < PREFIX_BYTES) return offset;
    }
    const length = this.#takeHeld().readUInt32LE(0);
    if (!this.#accepts(length)) return offset;
    const frameBytes = PREFIX_BYTES + length;
    const end = Math.min(offset + frameBytes - this.#heldBytes, chunk.length);
    this.#hold(chunk.subarray(offset, end), frameBytes);
    if (this.#heldBytes === frameBytes) {
      frames.push(this.#takeHeld().subarray(PREFIX_BYTES));
      this.#release();
    }
    return end;
  }

  #accepts(length: number): boolean {
    if (length > 0 && length <= this.#limitBytes) return true;
    if (length === 0) this.#fail(new CodiError('CODI_FRAME_EMPTY'));
    else if (HTTP_STARTS.has(length)) this.#fail(new CodiError('CODI_FRAME_HTTP'));
    else if (startsTls(length)) this.#fail(new CodiError('CODI_FRAME_TLS'));
    else this.#fail(this.#tooLarge(length));
    return false;
  }

  #splitLines(chunk: Buffer, frames: Buffer[]): void {
    let offset = 0;
    while (offset < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, offset);
      const end = newline === -1 ? chunk.length : newline;
      const lineBytes = this.#heldBytes + end - offset;
      if (lineBytes > this.#limitBytes) {
        // The size that is named must not depend on how the stream was cut into chunks.
        this.#fail(this.#tooLarge(this.#limitBytes + 1));
        return;
      }
      if (newline === -1 || this.#heldBytes > 0) {
        this.#hold(chunk.subarray(offset, end), this.#limitBytes);
      }
      if (newline === -1) return;
      const line = this.#heldBytes > 0 ? this.#takeHeld() : chunk.subarray(offset, end);
      if (!isBlank(line)) frames.push(withoutCarriageReturn(line));
      this.#release();
      offset = end + 1;
    }
  }

  /**
   * Copies, so that the chunk (often a slice of a large pool) can go. A frame up to the usual size gets its
   * place at once; a larger one, which need not be true, grows as its bytes come.
   */
  #hold(bytes: Buffer, mayNeedBytes: number): void {
    const neededBytes = this.#heldBytes + bytes.length;
    if (this.#held === undefined || this.#held.length < neededBytes) {
      const isUsual = mayNeedBytes <= USUAL_HOLD_BYTES && this.#format === 'msgpack';
      const capacity = isUsual
        ? mayNeedBytes
        : Math.max((this.#held?.length ?? 0) * 2, FIRST_HOLD_BYTES);
      const grown = Buffer.allocUnsafeSlow(
        Math.max(neededBytes, Math.min(capacity, Math.max(mayNeedBytes, PREFIX_BYTES))),
      );
      this.#held?.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldBytes);
    this.#heldBytes = neededBytes;
  }

  #takeHeld(): Buffer {
    return (this.#held as Buffer).subarray(0, this.#heldBytes);
  }

  #release(): void {
    this.#held = undefined;
    this.#heldBytes = 0;
  }

  #tooLarge(bytes: number): CodiError {
    return new CodiError('CODI_FRAME_TOO_LARGE', { bytes, limitBytes: this.#limitBytes });
  }

  #fail(error: CodiError): void {
    this.#error = error;
    this.#release();
  }
}

/** The body with its length before it. Throws CODI_FRAME_TOO_LARGE when no peer would take it. */
export function encodeFrame(body: Uint8Array): Buffer {
  if (body.length > FRAME_LIMIT_BYTES) {
    const limitBytes = FRAME_LIMIT_BYTES;
    throw new CodiError('CODI_FRAME_TOO_LARGE', { bytes: body.length, limitBytes });
  }
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
  frame.writeUInt32LE(body.length, 0);
  frame.set(body, PREFIX_BYTES);
  return frame;
}

/** A TLS record begins with the type handshake (22) and the version 3.x; read as a length that is over the limit. */
function startsTls(length: number): boolean {
  return (length & 0xffff) === 0x0316;
}

function isBlank(line: Buffer): boolean {
  for (let index = 0; index < line.length; index++) {
    const byte = line[index];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

function withoutCarriageReturn(line: Buffer): Buffer {
  return line[line.length - 1] === 0x0d ? line.subarray(0, -1) : line;
}
