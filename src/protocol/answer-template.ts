import type { WireFormat } from './frame.ts';
import { uuidFromBytes } from './uuid.ts';

/** Two UUIDs, 16 bytes each: of the answer itself, and of the message that it answers. */
export interface AnswerIds {
  readonly id: Uint8Array;
  readonly requestId: Uint8Array;
}

/** Frames that differ in nothing but their two UUIDs: each costs a copy. */
export class AnswerTemplate {
  readonly #frame: Buffer;
  readonly #isText: boolean;
  readonly #idOffset: number;
  readonly #requestIdOffset: number;

  /** Where the two ids are. */
  private constructor(frame: Buffer, isText: boolean, id: number, requestId: number) {
    this.#frame = frame;
    this.#isText = isText;
    this.#idOffset = id;
    this.#requestIdOffset = requestId;
  }

  /** `marks` are what stands in the frame now; nothing else in it may look like them. */
  static of(frame: Buffer, marks: AnswerIds, format: WireFormat): AnswerTemplate {
    const isText = format === 'json';
    const find = (mark: Uint8Array) => frame.indexOf(isText ? uuidFromBytes(mark) : mark);
    return new AnswerTemplate(frame, isText, find(marks.id), find(marks.requestId));
  }

  /** The same frame with another text at a place where one of the same length is. */
  with(text: string, offset: number): AnswerTemplate {
    const frame = Buffer.from(this.#frame);
    frame.write(text, offset, 'latin1');
    return new AnswerTemplate(frame, this.#isText, this.#idOffset, this.#requestIdOffset);
  }

  /** Where a text begins that is in it once. */
  offsetOf(text: string): number {
    return this.#frame.indexOf(text, 0, 'latin1');
  }

  /** Size of each frame. */
  get bytes(): number {
    return this.#frame.length;
  }

  frame(id: Uint8Array, requestId: Uint8Array): Buffer {
    const frame = Buffer.allocUnsafe(this.#frame.length);
    this.write(frame, 0, id, requestId);
    return frame;
  }

  /** Writes one frame into `target`; gives the offset behind it. */
  write(target: Buffer, offset: number, id: Uint8Array, requestId: Uint8Array): number {
    this.#frame.copy(target, offset);
    if (this.#isText) {
      target.write(uuidFromBytes(id), offset + this.#idOffset, 'latin1');
      target.write(uuidFromBytes(requestId), offset + this.#requestIdOffset, 'latin1');
    } else {
      target.set(id, offset + this.#idOffset);
      target.set(requestId, offset + this.#requestIdOffset);
    }
    return offset + this.#frame.length;
  }
}
