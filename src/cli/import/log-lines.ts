/** A line of a file, without its end. */
export interface LogLine {
  readonly bytes: Uint8Array;
  /** From 1. */
  readonly number: number;
  /** Its end has come; the last line of a file may still grow. */
  readonly isWhole: boolean;
  /** Bytes of it that were passed over because it is longer than the limit. */
  readonly droppedBytes: number;
}

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Splits a file into lines, whatever chunks it comes in; holds one unfinished line up to the limit. */
export class LogLines {
  readonly #limitBytes: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #droppedBytes = 0;
  #number = 1;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  *push(chunk: Uint8Array): Generator<LogLine> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield this.#finish(chunk.subarray(start, end), true);
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** What stands behind the last line end. */
  *end(): Generator<LogLine> {
    if (this.#heldBytes > 0) yield this.#finish(new Uint8Array(), false);
  }

  #finish(last: Uint8Array, isWhole: boolean): LogLine {
    if (this.#held.length > 0) this.#hold(last);
    const bytes = this.#held.length > 0 ? Buffer.concat(this.#held) : last;
    const line = {
      bytes: this.#number === 1 ? withoutMark(bytes) : bytes,
      number: this.#number,
      isWhole,
      droppedBytes: this.#droppedBytes,
    };
    this.#number += 1;
    this.#held = [];
    this.#heldBytes = this.#droppedBytes = 0;
    return line;
  }

  #hold(bytes: Uint8Array): void {
    const room = this.#limitBytes - this.#heldBytes;
    this.#droppedBytes += Math.max(0, bytes.length - room);
    const kept = bytes.subarray(0, room);
    this.#held.push(Buffer.from(kept));
    this.#heldBytes += kept.length;
  }
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? bytes.subarray(3) : bytes;
}
