import { LineMender } from './line-mender.ts';
import { LogLines } from './log-lines.ts';
import type { LogLine } from './log-lines.ts';
import { parseObject } from './parse-object.ts';
import { unreadable } from './read-event.ts';
import type { JsonObject, ReadEvent } from './read-event.ts';

/**
 * Which records a file has, and in which order, is what a second import relies on to know what the ledger holds
 * already. Any change to that needs another number.
 */
export const READER_VERSION = 1;

/** Far beyond what a ledger entry can hold; bounds the memory. */
export const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

const OPEN_OBJECT = 0x7b;

/** Reads the records of a log of JSON lines, damaged ones included, from chunks of its bytes. */
export class LogReader {
  readonly #lines: LogLines;
  readonly #mender: LineMender;
  readonly #isRecord: (value: JsonObject) => boolean;

  constructor(isRecord: (value: JsonObject) => boolean, limitBytes = LINE_LIMIT_BYTES) {
    this.#isRecord = isRecord;
    this.#lines = new LogLines(limitBytes);
    this.#mender = new LineMender(isRecord);
  }

  *push(chunk: Uint8Array): Generator<ReadEvent> {
    for (const line of this.#lines.push(chunk)) yield* this.#read(line);
  }

  /** The file has ended; what is torn is reported, and read as a whole when the file has grown. */
  *end(): Generator<ReadEvent> {
    for (const line of this.#lines.end()) yield* this.#read(line);
    this.#mender.end();
    yield* this.#mender.takeEvents();
  }

  *#read({ bytes, number, isWhole, droppedBytes }: LogLine): Generator<ReadEvent> {
    const mender = this.#mender;
    mender.reachLine(number);
    if (droppedBytes > 0) {
      yield { ...unreadable('too-long', bytes, number), size: bytes.length + droppedBytes };
      return;
    }
    const isSimple = !mender.isWaiting || bytes[0] === OPEN_OBJECT;
    const value = isSimple ? parseObject(bytes) : undefined;
    if (value && (!mender.isWaiting || this.#isRecord(value))) {
      yield { kind: 'record', value, bytes: trimmed(bytes), line: number, isMended: false };
      return;
    }
    mender.read(bytes, number, isWhole);
    yield* mender.takeEvents();
  }
}

/** Without the white space around it, so that a line is the same with and without a carriage return. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (start < end && (bytes[start] as number) <= 0x20) start++;
  while (end > start && (bytes[end - 1] as number) <= 0x20) end--;
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}
